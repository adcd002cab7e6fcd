package core

import (
	"encoding/json"
	"strconv"
	"time"
)

func (d Duration) String() string { return time.Duration(d).String() }

// Seconds returns the number of seconds, for messages: "60", "0.5".
func (d Duration) Seconds() string {
	return strconv.FormatFloat(time.Duration(d).Seconds(), 'f', -1, 64)
}

func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON takes a string such as "5s", or a number of seconds.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(data) + "s"
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return Errorf(EINVALID, "error.duration_malformed", "value", s)
	}
	*d = Duration(v)
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
