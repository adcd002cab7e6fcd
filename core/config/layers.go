package config

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/knadh/koanf/v2"
)

// settingNames returns the name of every setting, in the order of Config.
func settingNames() []string {
	t := reflect.TypeFor[Config]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("name")
	}
	return names
}

// defaults returns the lowest layer.
func defaults() *koanf.Koanf {
	k := koanf.New(".")
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		overlay(k, map[string]any{tag.Get("name"): tag.Get("default")})
	}
	return k
}

// overlay puts values over those of k.
func overlay(k *koanf.Koanf, values map[string]any) {
	lists := map[string]bool{}
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		lists[t.Field(i).Tag.Get("name")] = t.Field(i).Type.Kind() == reflect.Slice
	}
	for name, v := range values {
		text := strings.Join(words(v), ",")
		if lists[name] {
			k.Set(name, words(strings.Split(text, ",")))
		} else {
			k.Set(name, text)
		}
	}
}

// words returns the values that v consists of, trimmed, without empty ones.
func words(v any) []string {
	var all []string
	switch list := reflect.ValueOf(v); list.Kind() {
	case reflect.Slice:
		for i := range list.Len() {
			all = append(all, words(list.Index(i).Interface())...)
		}
	default:
		if s := strings.TrimSpace(fmt.Sprint(v)); s != "" && v != nil {
			all = append(all, s)
		}
	}
	return all
}

// decode makes a Config of all layers.
func decode(k *koanf.Koanf) (Config, error) {
	var c Config
	err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{Tag: "name"})
	c.derive()
	return c, err
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
