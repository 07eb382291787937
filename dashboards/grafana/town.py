"""The town on Grafana's geomap, over a drawing of our own: lakes and sites as GeoJSON, and nothing from outside."""

import itertools
import json
import math
import re

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import geomap as geomap_models

from dashboards.grafana.query import DATASOURCE, InfluxQuery, Target
from dashboards.places import moving, standing
from dashboards.resolved import ResolvedPanel
from dashboards.sources import influxql_text
from park.town import Town
from sectors import SECTORS

#: Where Grafana serves the drawing, below its own address.
DRAWING = "public/maps/park.geojson"
HEIGHT = 13
_KM_PER_DEGREE = 111.2
_SITE_KM, _CORNERS = 2.2, 48
_LAKE, _SITE, _NAME = "lake", "site", "name"
_WATER, _GROUND, _INK = "#2b6a94", "#6e7a8a", "#8f9cab"
_COLORS = ("#4fb477", "#f6bd16", "#3fb6c6", "#9270ca", "#e8596b", "#ff9d4d", "#a3c644", "#c77fb0", "#5b8ff9")

Place = tuple[float, float]


def geojson(town: Town) -> str:
    """The town's lakes as rounds, its sites as rounds with a name."""
    features = [_feature(_LAKE, "", _round((lake.latitude, lake.longitude), lake.radius_km)) for lake in town.lakes]
    for site in town.sites:
        middle = site.latitude, site.longitude
        point: dict[str, object] = {"type": "Point", "coordinates": _written(middle)}
        features += [_feature(_SITE, site.name, _round(middle, _SITE_KM)), _feature(_NAME, site.name, point)]
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1, ensure_ascii=False) + "\n"


def _feature(what: str, name: str, geometry: dict[str, object]) -> dict[str, object]:
    return {"type": "Feature", "properties": {"what": what, "name": name}, "geometry": geometry}


def _round(middle: Place, radius_km: float) -> dict[str, object]:
    north, east = radius_km / _KM_PER_DEGREE, radius_km / (_KM_PER_DEGREE * math.cos(math.radians(middle[0])))
    turns = [-2 * math.pi * i / _CORNERS for i in range(_CORNERS)]  # counter-clockwise as RFC 7946 has outer rings
    ring = [(middle[0] + north * math.cos(turn), middle[1] + east * math.sin(turn)) for turn in turns]
    return {"type": "Polygon", "coordinates": [[_written(place) for place in (*ring, ring[0])]]}


def _written(place: Place) -> list[float]:
    return [round(place[1], 5), round(place[0], 5)]


def town_map() -> geomap.Panel:
    """The panel: the drawing in the base map's place, devices by sector, and whatever drives."""
    asked = [standing(), *moving()]
    layers: list[cog.Builder[common.MapLayerOptions]] = [_devices("A")]
    layers += [_drives(panel, chr(66 + i)) for i, panel in enumerate(moving())]
    view = geomap.MapViewConfig().id(geomap_models.MapCenterID.FIT).all_layers(True).padding(8)  # noqa: FBT003
    builder = (
        geomap.Panel()
        .title("The town")
        .description("Every device where it stands, by sector; buses and lorries where they are now.")
        .datasource(DATASOURCE)
        .time_from("30h")  # places are told at every 04:00
        .view(view)
        .controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(False))  # noqa: FBT003
        .tooltip(geomap.TooltipOptions().mode(geomap_models.TooltipMode.DETAILS))
        .basemap(_drawing())
        .layers(layers)
        .override_by_name("sector", [dashboard.DynamicConfigValue(id_val="mappings", value=[_sector_colors()])])
    )
    for i, panel in enumerate(asked):
        builder.with_target(_target(panel, chr(65 + i)))
    return builder


def _target(panel: ResolvedPanel, ref: str) -> Target:
    (text,) = influxql_text.statements(panel.newest)
    named = re.sub(r'AS "(Latitude|Longitude)[^"]*"', lambda found: f'AS "{found[1].lower()}"', text)
    return Target(query=InfluxQuery(ref_id=ref, query=named, result_format="table"))


def _drawing() -> common_builders.MapLayerOptions:
    rules = [
        _rule(_LAKE, color={"fixed": _WATER}, opacity=0.45),
        _rule(
            _NAME,
            color={"fixed": _INK},
            size={"fixed": 1, "min": 1, "max": 2},
            text={"mode": "field", "field": "name", "fixed": ""},
            textConfig={"fontSize": 13, "offsetX": 0, "offsetY": -26, "textAlign": "center", "textBaseline": "bottom"},
        ),
    ]
    config = {"src": DRAWING, "rules": rules, "style": {"color": {"fixed": _GROUND}, "opacity": 0.25}}
    return common_builders.MapLayerOptions().type("geojson").name("Drawing").config(config).tooltip(False)  # noqa: FBT003


def _rule(what: str, **style: object) -> dict[str, object]:
    return {"check": {"property": "what", "operation": "eq", "value": what}, "style": style}


def _devices(ref: str) -> common_builders.MapLayerOptions:
    style = {"color": {"field": "sector", "fixed": _INK}, "opacity": 0.85, "size": {"fixed": 4, "min": 2, "max": 6}}
    return _markers("Devices", ref, style, legend=True)


def _drives(panel: ResolvedPanel, ref: str) -> common_builders.MapLayerOptions:
    symbol = {"mode": "fixed", "fixed": "img/icons/marker/square.svg"}
    style = {"color": {"fixed": "text"}, "opacity": 1, "size": {"fixed": 6, "min": 2, "max": 8}, "symbol": symbol}
    return _markers(panel.title, ref, style, legend=False)


def _markers(name: str, ref: str, style: dict[str, object], *, legend: bool) -> common_builders.MapLayerOptions:
    where = common_builders.FrameGeometrySource().mode(common.FrameGeometrySourceMode.COORDS)
    return (
        common_builders.MapLayerOptions()
        .type("markers")
        .name(name)
        .config({"style": style, "showLegend": legend})
        .location(where.latitude("latitude").longitude("longitude"))
        .filter_data({"id": "byRefId", "options": ref})
        .tooltip(True)  # noqa: FBT003
    )


def _sector_colors() -> dashboard.ValueMap:
    options = {
        sector.name: dashboard.ValueMappingResult(text=sector.title, color=color, index=i)
        for i, (sector, color) in enumerate(zip(SECTORS.values(), itertools.cycle(_COLORS), strict=False))
    }
    return dashboard.ValueMap(options=options)


def place_map(page: dashboard_builders.Dashboard, number: int) -> int:
    """Put the map above everything else of a page; returns how many rows it takes."""
    page.with_panel(town_map().id(number).grid_pos(dashboard.GridPos(x=0, y=0, w=24, h=HEIGHT)))
    return HEIGHT
