// Package process runs VictoriaLogs as a child of Berth: the same program, started again. Its storage ends the process
// when the disk fails it, and must not take the gateway and the portal along.
package process

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/app/vlinsert/insertutil"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlinsert/jsonline"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlselect"
	"github.com/VictoriaMetrics/VictoriaLogs/app/vlstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/appmetrics"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"

	"berth/worker/logs/victoria/process/quiet"
)

// Socket is where the child of a directory listens.
func Socket(dir string) string { return filepath.Join(dir, "socket") }

// settings of VictoriaLogs, which it keeps in flags.
var settings = map[string]string{
	"loggerLevel":                   "WARN",
	"loggerFormat":                  "json",
	"memory.allowedBytes":           "128MiB",
	"insert.maxLineSizeBytes":       "1MiB", // core.MaxLogLine with every byte escaped
	"inmemoryDataFlushInterval":     "2s",
	"futureRetention":               "3650d", // the clock of an engine may be wrong
	"storage.minFreeDiskSpaceBytes": "64MiB",
	"delete.enable":                 "true",
	"search.maxConcurrentRequests":  "8",
	"insert.maxQueueDuration":       "10s",
}

// Serve keeps what is in dir and answers on its socket until ctx ends. Lines older than retention go, a day at a time.
func Serve(ctx context.Context, dir string, retention time.Duration) error {
	quiet.Over()
	if err := flag.CommandLine.Parse(nil); err != nil {
		return err
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			return err
		}
	}
	data := filepath.Join(dir, "data")
	if err := errors.Join(flag.Set("storageDataPath", data), flag.Set("retentionPeriod", fmt.Sprint(retention))); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	logger.Init()
	vlstorage.Init()
	defer vlstorage.Stop()
	vlselect.Init()
	defer vlselect.Stop()
	insertutil.SetLogRowsStorage(&vlstorage.Storage{})
	return answer(ctx, Socket(dir))
}

// answer serves HTTP on a socket that nobody but this user can open.
func answer(ctx context.Context, socket string) error {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(handle), ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	<-stopped
	return nil
}

func handle(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/insert/jsonline":
		jsonline.RequestHandler(w, r)
	case r.URL.Path == "/metrics":
		appmetrics.WritePrometheusMetrics(w)
	case vlselect.RequestHandler(w, r), vlstorage.RequestHandler(w, r):
	default:
		http.NotFound(w, r)
	}
}
