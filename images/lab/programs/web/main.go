// The shop of the lab: a web server that says which version of it answers, on which node. It goes on answering for a
// moment when it is told to end, so that nobody is sent to it in vain.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var version = "unknown"

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "shop %s on %s\n", version, os.Getenv("NODE_NAME"))
	})
	server := &http.Server{Addr: ":8080"}
	go func() {
		ending := make(chan os.Signal, 1)
		signal.Notify(ending, syscall.SIGTERM, syscall.SIGINT)
		<-ending
		time.Sleep(3 * time.Second)
		server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
