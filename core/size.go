package core

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Bytes is an amount of memory or storage. In JSON it is a string with a unit ("64MiB").
type Bytes int64

const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

var byteUnits = []struct {
	name string
	size Bytes
}{
	{"tib", TiB}, {"gib", GiB}, {"mib", MiB}, {"kib", KiB},
	{"tb", TiB}, {"gb", GiB}, {"mb", MiB}, {"kb", KiB},
	{"t", TiB}, {"g", GiB}, {"m", MiB}, {"k", KiB}, {"b", 1},
}

// ParseBytes reads "64MiB", "1.5 GB", "512m" or a bare number of bytes. Units are powers of 1024 in every
// notation, as Docker reads them. Errors: EINVALID.
func ParseBytes(s string) (Bytes, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	unit := Bytes(1)
	for _, u := range byteUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = strings.TrimSpace(rest), u.size
			break
		}
	}
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, Errorf(EINVALID, "error.size_malformed", "value", s)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n*float64(unit) > float64(1<<60) {
		return 0, Errorf(EINVALID, "error.size_malformed", "value", s)
	}
	return Bytes(n * float64(unit)), nil
}

// String returns the shortest exact notation with a binary unit: "64MiB", "1GiB", "1500B".
func (b Bytes) String() string {
	for _, u := range byteUnits[:4] {
		if b >= u.size && b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + strings.ToUpper(u.name[:1]) + "iB"
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// Human returns the amount as people read it, three digits at most: "84.0 MB", "512 MB", "1.5 GB".
func (b Bytes) Human() string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	n, i := float64(b), 0
	for n >= 1000 && i < len(units)-1 {
		n /= 1024
		i++
	}
	prec := 0
	if i > 0 && n < 100 && n != math.Trunc(n) {
		prec = 1
	}
	return strconv.FormatFloat(n, 'f', prec, 64) + " " + units[i]
}

func (b Bytes) MarshalJSON() ([]byte, error) { return json.Marshal(b.String()) }

// UnmarshalJSON takes a string with a unit, or a number of bytes.
func (b *Bytes) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(data)
	}
	v, err := ParseBytes(s)
	if err != nil {
		return err
	}
	*b = v
	return nil
}

// MilliCPU is processor time in thousandths of a core: 500 is half a core. Zero means no limit.
type MilliCPU int64

// ParseCPU reads cores ("0.5", "2") or thousandths with an m ("250m"). Errors: EINVALID.
func ParseCPU(s string) (MilliCPU, error) {
	text, milli := strings.CutSuffix(strings.TrimSpace(s), "m")
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 || n > 1e6 {
		return 0, Errorf(EINVALID, "error.cpu_malformed", "value", s)
	}
	if !milli {
		n *= 1000
	}
	return MilliCPU(math.Round(n)), nil
}

// String returns cores: "0.5", "2".
func (c MilliCPU) String() string {
	return strconv.FormatFloat(float64(c)/1000, 'f', -1, 64)
}

func (c MilliCPU) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// UnmarshalJSON takes cores as a number or a string, or a string of thousandths ("250m").
func (c *MilliCPU) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(data)
	}
	v, err := ParseCPU(s)
	if err != nil {
		return err
	}
	*c = v
	return nil
}
