// Command app is what all images of the lab's apps run. Those of the operator's app give it a role: `operate`, `work` or
// `serve`, for as long as it is let. Those of charts call it by other names: /operator, /pause and /true.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	switch role() {
	case "true":
		return
	case "manage":
		persist(manage)
	case "operate":
		// Ready only once the worker is asked for, so whoever waits for the operator waits for the worker too.
		persist(operate)
		go serve()
	case "serve":
		go serve()
	case "work":
		log.Print("working")
	default:
		log.Fatal("usage: app operate|work|serve")
	}
	<-ended
}

func role() string {
	switch name := path.Base(os.Args[0]); name {
	case "true":
		return name
	case "pause":
		return "work"
	case "operator":
		return "manage"
	}
	return strings.Join(os.Args[1:], " ")
}

// persist tries until it works: the API may not be reachable yet.
func persist(work func() error) {
	for err := work(); err != nil; err = work() {
		log.Print(err)
		time.Sleep(time.Second)
	}
}

func serve() {
	log.Fatal(http.ListenAndServe(":8080", http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, "ready")
	})))
}

// operate asks the API for a Deployment whose image stands in no file: its name is made of the operator's own, where
// that was pulled from, and of pieces that no search for references can put together.
func operate() error {
	namespace, err := os.ReadFile(account + "namespace")
	if err != nil {
		return err
	}
	pod, err := call("GET", fmt.Sprintf("/api/v1/namespaces/%s/pods/%s", namespace, os.Getenv("HOSTNAME")), nil)
	if err != nil {
		return err
	}
	var self struct {
		Spec struct {
			Containers []struct{ Image string }
		}
	}
	if err := json.Unmarshal(pod, &self); err != nil || len(self.Spec.Containers) == 0 {
		return fmt.Errorf("cannot read our own pod: %v", err)
	}
	own := self.Spec.Containers[0].Image
	name := strings.Join([]string{"wor", "er"}, "k")
	image := own[:strings.LastIndex(own, "/")+1] + name + string(rune(':')) + fmt.Sprint(1)
	labels := map[string]string{"app": name}
	deployment, err := json.Marshal(map[string]interface{}{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]interface{}{"name": name},
		"spec": map[string]interface{}{
			"replicas": 1, "selector": map[string]interface{}{"matchLabels": labels},
			"template": map[string]interface{}{
				"metadata": map[string]interface{}{"labels": labels},
				"spec":     map[string]interface{}{"containers": []interface{}{map[string]string{"name": name, "image": image}}},
			},
		},
	})
	if err != nil {
		return err
	}
	_, err = call("POST", fmt.Sprintf("/apis/apps/v1/namespaces/%s/deployments", namespace), deployment)
	return err
}

// manage starts a pod for each image that it is told of, as the operators of charts are: by RELATED_IMAGE_* and by a flag.
func manage() error {
	images := map[string]string{}
	for _, entry := range os.Environ() {
		if name, image, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "RELATED_IMAGE_") {
			images[strings.ToLower(strings.TrimPrefix(name, "RELATED_IMAGE_"))] = image
		}
	}
	for _, argument := range os.Args[1:] {
		if flag, image, _ := strings.Cut(argument, "="); flag == "--config-reloader-image" {
			images["reloader"] = image
		}
	}
	namespace, err := os.ReadFile(account + "namespace")
	if err != nil {
		return err
	}
	for name, image := range images {
		container := map[string]interface{}{"name": name, "image": image, "command": []string{"/pause"}}
		pod, err := json.Marshal(map[string]interface{}{
			"apiVersion": "v1", "kind": "Pod", "metadata": map[string]interface{}{"name": "managed-" + name},
			"spec": map[string]interface{}{"containers": []interface{}{container}},
		})
		if err != nil {
			return err
		}
		if _, err := call("POST", fmt.Sprintf("/api/v1/namespaces/%s/pods", namespace), pod); err != nil {
			return err
		}
	}
	return nil
}

// call asks the API as a pod does: by the service's address, with the token and the authority that it was given.
func call(method, endpoint string, body []byte) ([]byte, error) {
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	server := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	request, err := http.NewRequest(method, "https://"+server+endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	// Who was there before has asked for the same.
	if answer.StatusCode >= 300 && answer.StatusCode != http.StatusConflict {
		return nil, fmt.Errorf("%s %s: %s: %s", method, endpoint, answer.Status, text)
	}
	return text, nil
}
