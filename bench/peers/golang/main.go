// One client a device, as most people write it with paho.golang: HOST PORT DEVICES RAMP_SECONDS, until SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

type reading struct {
	Ts              int64   `json:"ts"`
	Seq             int64   `json:"seq"`
	SoilMoisture    float64 `json:"soil_moisture"`
	SoilTemperature float64 `json:"soil_temperature"`
	SoilMoistureEc  float64 `json:"soil_moisture_ec"`
	BatteryVoltage  float64 `json:"battery_voltage"`
}

var sent, acknowledged atomic.Int64

func round(value float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(value*scale) / scale
}

func device(ctx context.Context, broker *url.URL, number int) error {
	name := fmt.Sprintf("soil-probe-%06d", number)
	topic := "park/agriculture/yangshan/soil_probe/" + name
	client, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{broker},
		KeepAlive:                     60,
		CleanStartOnInitialConnection: true,
		WillMessage:                   &paho.WillMessage{Topic: topic + "/state", Payload: []byte(`{"state":"offline"}`), QoS: 1, Retain: true},
		ClientConfig:                  paho.ClientConfig{ClientID: name},
	})
	if err != nil {
		return err
	}
	if err := client.AwaitConnection(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for seq := int64(0); ; seq++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		payload, err := json.Marshal(reading{
			Ts:              time.Now().UnixMilli(),
			Seq:             seq,
			SoilMoisture:    round(0.3+0.05*rand.NormFloat64(), 3),
			SoilTemperature: round(15+3*rand.NormFloat64(), 1),
			SoilMoistureEc:  round(1.2+0.1*rand.NormFloat64(), 2),
			BatteryVoltage:  round(3.4+0.4*rand.Float64(), 2),
		})
		if err != nil {
			return err
		}
		sent.Add(1)
		if _, err := client.Publish(ctx, &paho.Publish{
			QoS: 1, Topic: topic + "/telemetry", Payload: payload,
			Properties: &paho.PublishProperties{ContentType: "application/json"},
		}); err == nil {
			acknowledged.Add(1)
		}
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	broker, err := url.Parse("mqtt://" + os.Args[1] + ":" + os.Args[2])
	if err != nil {
		panic(err)
	}
	devices, _ := strconv.Atoi(os.Args[3])
	ramp, _ := strconv.ParseFloat(os.Args[4], 64)
	var group sync.WaitGroup
	for number := 1; number <= devices; number++ {
		group.Add(1)
		go func() {
			defer group.Done()
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(ramp * float64(number) / float64(devices) * float64(time.Second))):
				if err := device(ctx, broker, number); err != nil && ctx.Err() == nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}()
	}
	group.Wait()
	json.NewEncoder(os.Stdout).Encode(map[string]int64{"sent": sent.Load(), "acknowledged": acknowledged.Load()})
}
