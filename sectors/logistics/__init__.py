"""Logistics: cold hubs, their docks and lift trucks, and what they send out cooled."""
