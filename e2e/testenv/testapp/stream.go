package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// echo answers the body while it arrives.
func echo(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	control.EnableFullDuplex()
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	buf := make([]byte, 32*1024)
	for {
		n, err := r.Body.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil || control.Flush() != nil || err != nil {
			return
		}
	}
}

// size answers ?bytes= of the letter x; ?chunked=1 leaves the length unsaid.
func size(w http.ResponseWriter, r *http.Request) {
	left := number(r, "bytes", 1024)
	w.Header().Set("Content-Type", "application/octet-stream")
	if number(r, "chunked", 0) == 0 {
		w.Header().Set("Content-Length", fmt.Sprint(left))
	}
	io.Copy(w, io.LimitReader(letters{}, int64(left)))
}

// endless answers without end.
func endless(w http.ResponseWriter, _ *http.Request) { io.Copy(w, letters{}) }

// sse sends ?n= events, ?ms= apart; n=0 goes on until the client leaves.
func sse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	n, pause := number(r, "n", 0), time.Duration(number(r, "ms", 100))*time.Millisecond
	for i := 1; n == 0 || i <= n; i++ {
		fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", i, i)
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(pause):
		}
	}
}

// websocketEcho answers every message with itself.
func websocketEcho(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, message, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, message) != nil {
			return
		}
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
