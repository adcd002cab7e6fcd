package health

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"net/http"

	"berth/core"
)

// checkGRPC calls grpc.health.v1.Health/Check. One unary call with one string in and one number out is forty lines over
// the standard library's HTTP/2; the whole of google.golang.org/grpc would be linked for it, and keeps connections and
// goroutines for each instance that it asks.
func (p *Prober) checkGRPC(ctx context.Context, address string, q core.Probe) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/grpc.health.v1.Health/Check", bytes.NewReader(frame(q.Service)))
	if err != nil {
		return core.Wrap(err, core.EUNREACHABLE, "health.malformed")
	}
	req.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {"Berth-Health"}}
	res, err := p.h2c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(core.MaxHealthBody)))
	if err != nil {
		return err
	}
	switch code := cmp.Or(res.Trailer.Get("Grpc-Status"), res.Header.Get("Grpc-Status")); {
	case res.StatusCode != http.StatusOK || code == "":
		return core.Errorf(core.EUNREACHABLE, "health.no_grpc")
	case code == "5": // NOT_FOUND
		return core.Errorf(core.EUNREACHABLE, "health.grpc_unknown", "service", q.Service)
	case code == "12": // UNIMPLEMENTED
		return core.Errorf(core.EUNREACHABLE, "health.grpc_missing")
	case code != "0":
		return core.Errorf(core.EUNREACHABLE, "health.grpc_code", "code", core.InertText(code[:min(len(code), 16)]))
	}
	return serving(body)
}

// frame is HealthCheckRequest{service: 1} behind the prefix that gRPC puts before a message.
func frame(service string) []byte {
	var message []byte
	if service != "" {
		message = append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(service))), service...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// serving reads HealthCheckResponse{status: 1}, where 1 is SERVING.
func serving(body []byte) error {
	if len(body) < 5 || body[0] != 0 || uint64(binary.BigEndian.Uint32(body[1:5])) != uint64(len(body)-5) {
		return core.Errorf(core.EUNREACHABLE, "health.malformed")
	}
	message := body[5:]
	status, n := uint64(0), 0
	if len(message) > 0 {
		if status, n = binary.Uvarint(message[1:]); message[0] != 1<<3 || n <= 0 {
			return core.Errorf(core.EUNREACHABLE, "health.malformed")
		}
	}
	if status != 1 {
		return core.Errorf(core.EUNREACHABLE, "health.grpc_not_serving")
	}
	return nil
}
