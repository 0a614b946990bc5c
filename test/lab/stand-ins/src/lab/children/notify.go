package children

import (
	"net"
	"os"
)

// Ours to answer: no child may.
var socket = os.Getenv("NOTIFY_SOCKET")

func init() { os.Unsetenv("NOTIFY_SOCKET") }

// Notify tells systemd that we are ready, if it asked (sd_notify).
func Notify() {
	if socket == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return
	}
	defer connection.Close()
	_, _ = connection.Write([]byte("READY=1\n"))
}
