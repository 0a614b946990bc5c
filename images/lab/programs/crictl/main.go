// A small crictl: the commands of the real one that kubeadm and people on a host use, with the same flags and JSON, asked of
// the container runtime over CRI v1alpha2. Debian 12 has no package of the real one.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/gogo/protobuf/proto"
	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

type client struct {
	context.Context
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
}

func main() {
	endpoint := configured("runtime-endpoint", "unix:///run/containerd/containerd.sock")
	var timeout time.Duration
	var ignored string
	for _, name := range []string{"r", "runtime-endpoint"} {
		flag.StringVar(&endpoint, name, endpoint, "the runtime's socket")
	}
	for _, name := range []string{"i", "image-endpoint", "config", "c"} {
		flag.StringVar(&ignored, name, "", "taken for compatibility")
	}
	for _, name := range []string{"t", "timeout"} {
		flag.DurationVar(&timeout, name, 5*time.Minute, "how long to wait")
	}
	version := flag.Bool("version", false, "print this program's version")
	flag.Parse()
	if *version {
		fmt.Println("crictl version v1.20.0-lab")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := run(ctx, endpoint, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "FATA[0000]", err)
		os.Exit(1)
	}
}

// configured reads one value of /etc/crictl.yaml, a flat list of `key: value`.
func configured(key, fallback string) string {
	file, err := os.Open("/etc/crictl.yaml")
	if err != nil {
		return fallback
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value := strings.TrimPrefix(lines.Text(), key+":"); value != lines.Text() {
			return strings.Trim(value, ` "'`)
		}
	}
	return fallback
}

func run(ctx context.Context, endpoint string, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: crictl [-r SOCKET] COMMAND [ARGUMENT…]")
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "unix://" + endpoint
	}
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	connection, err := grpc.DialContext(dialing, endpoint, grpc.WithInsecure(), grpc.WithBlock(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20)))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", endpoint, err)
	}
	defer connection.Close()
	c := client{ctx, cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)}
	command, found := commands[args[0]]
	if !found {
		return fmt.Errorf("unknown command %q", args[0])
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	var o options
	for _, name := range []string{"q", "quiet"} {
		flags.BoolVar(&o.quiet, name, false, "identifiers only")
	}
	for _, name := range []string{"a", "all"} {
		flags.BoolVar(&o.all, name, false, "ended ones too; all of them")
	}
	for _, name := range []string{"f", "force"} {
		flags.BoolVar(&o.force, name, false, "even if it runs")
	}
	for _, name := range []string{"o", "output"} {
		flags.StringVar(&o.output, name, "", "json")
	}
	flags.StringVar(&o.name, "name", "", "part of the name")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	o.args = flags.Args()
	return command(c, o)
}

func printJSON(message proto.Message) error {
	defer fmt.Println()
	return (&jsonpb.Marshaler{EmitDefaults: true, Indent: "  "}).Marshal(os.Stdout, message)
}
