package handlers

import (
	"encoding/json"
	"errors"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/quota"
)

// amountsJSON are amounts by resource: sizes and cores are strings, everything else is a number. A resource that is
// left out is not limited, or not used.
type amountsJSON core.Amounts

func (a amountsJSON) MarshalJSON() ([]byte, error) {
	out := make(map[core.Resource]any, len(a))
	for r, n := range a {
		switch r {
		case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes, core.ResourceLogRate:
			out[r] = core.Bytes(n)
		case core.ResourceCPU:
			out[r] = core.MilliCPU(n)
		default:
			out[r] = n
		}
	}
	return json.Marshal(out)
}

// amountsIn are amounts as a request has them.
type amountsIn core.Amounts

// UnmarshalJSON reads every amount as its resource has it, and names every fault.
func (a *amountsIn) UnmarshalJSON(data []byte) error {
	raw := map[core.Resource]any{}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*a = amountsIn{}
	var faults core.Faults
	for r, v := range raw {
		if !r.Valid() {
			faults.Add(string(r), "error.resource_unknown", "resource", string(r))
			continue
		}
		n, err := amountOf(r, v)
		faults.Merge(string(r), err)
		(*a)[r] = n
	}
	return faults.Err()
}

// bindAmounts reads a body that is nothing but amounts.
func bindAmounts(c echo.Context) (core.Amounts, error) {
	data, err := readJSON(c)
	if err != nil {
		return nil, err
	}
	var in amountsIn
	if err := json.Unmarshal(data, &in); err != nil {
		if _, ours := errors.AsType[*core.Error](err); ours {
			return nil, err
		}
		return nil, core.Errorf(core.EINVALID, "error.body_malformed")
	}
	return core.Amounts(in), nil
}

// amountOf reads a limit of the resource as its JSON has it.
func amountOf(r core.Resource, v any) (int64, error) {
	switch v := v.(type) {
	case string:
		n, err := quota.ReadAmount(r, v)
		if err != nil {
			return 0, core.Errorf(core.EINVALID, core.ErrorMessage(err).Key, "value", v)
		}
		return n, nil
	case float64:
		if r == core.ResourceCPU {
			v *= 1000
		}
		if v >= 0 && v < float64(core.MaxAmount) {
			return int64(v), nil
		}
	}
	return 0, core.Errorf(core.EINVALID, "error.amount_range")
}
