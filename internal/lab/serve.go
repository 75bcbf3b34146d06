package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stageServe is the demonstration's service: an HTTP server that answers with the name of its
// host. Arguments: the address to listen on, the file to put the process id in once it listens.
func stageServe(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: serve ADDRESS:PORT PIDFILE")
	}
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("serve: asking for the host name: %w", err)
	}
	listener, err := net.Listen("tcp", args[0])
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if err := os.WriteFile(args[1], []byte(fmt.Sprintln(os.Getpid())), 0o644); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			if r.URL.Path == "/server-status" { // what the agent apache asks a web server
				fmt.Fprintf(w, "<html>%s</html>\n", name)
				return
			}
			fmt.Fprintln(w, name)
		}),
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
