package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"lab/api"
	"lab/etcd"
	"lab/pki"
)

// localLayout is where a command finds the data: by its flag, or as the server is configured.
func localLayout(flags map[string]string) layout {
	all, err := readOptions(nil)
	if err != nil {
		all = options{}
	}
	if given := flags["data-dir"]; given != "" {
		all["data-dir"] = []string{given}
	}
	return all.layout()
}

// local is the cluster as a command on a server reaches it.
func local(flags map[string]string) (*api.Client, layout, error) {
	at := localLayout(flags)
	client, err := api.FromFiles("https://127.0.0.1:6443", at.tls("server-ca.crt"), at.tls("client-admin"))
	return client, at, err
}

const secretsPath = "/api/v1/namespaces/kube-system/secrets"

// token makes, lists and deletes bootstrap tokens, by which agents join.
func token(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("usage: k3s token create|list|delete")
	}
	flags := textFlags(arguments[1:])
	client, at, err := local(flags)
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "create":
		ttl := 24 * time.Hour
		if given := flags["ttl"]; given != "" {
			if ttl, err = time.ParseDuration(given); err != nil {
				return err
			}
		}
		id, secret := random(3), random(8)
		data := map[string]string{"token-id": id, "token-secret": secret, "description": flags["description"],
			"usage-bootstrap-authentication": "true", "auth-extra-groups": "system:bootstrappers:k3s:default-node-token"}
		if ttl > 0 {
			data["expiration"] = time.Now().UTC().Add(ttl).Format(time.RFC3339)
		}
		if err := client.Create(secretsPath, api.Object{"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
			"metadata": api.Object{"name": "bootstrap-token-" + id}, "stringData": data}); err != nil {
			return err
		}
		authority, err := os.ReadFile(at.tls("server-ca.crt"))
		if err != nil {
			return err
		}
		fmt.Printf("K10%s::%s.%s\n", hashOf(authority), id, secret)
		return nil
	case "list":
		secrets, err := client.List(secretsPath + "?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken")
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 10, 4, 3, ' ', 0)
		fmt.Fprintln(out, "TOKEN\tTTL\tEXPIRES\tUSAGES\tDESCRIPTION")
		for _, secret := range secrets {
			fmt.Fprintf(out, "%s.<hidden>\t\t%s\tauthentication\t%s\n", decoded(secret, "token-id"), decoded(secret, "expiration"), decoded(secret, "description"))
		}
		return out.Flush()
	case "delete":
		for _, id := range arguments[1:] {
			id, _, _ = strings.Cut(id[strings.LastIndex(id, ":")+1:], ".")
			if err := client.Delete(secretsPath + "/bootstrap-token-" + id); err != nil {
				return err
			}
			fmt.Printf("bootstrap token %q deleted\n", id)
		}
		return nil
	}
	return fmt.Errorf("No help topic for '%s'", arguments[0])
}

// isBootstrapToken checks `<id>.<secret>` against its secret.
func (server *clusterServer) isBootstrapToken(password string) bool {
	id, secret, isOne := strings.Cut(password, ".")
	if !isOne || server.admin == nil {
		return false
	}
	found, err := server.admin.Get(secretsPath + "/bootstrap-token-" + id)
	if err != nil || secret == "" || decoded(found, "token-secret") != secret {
		return false
	}
	expires, err := time.Parse(time.RFC3339, decoded(found, "expiration"))
	return err != nil || time.Now().Before(expires)
}

func decoded(secret api.Object, key string) string {
	text, _ := base64.StdEncoding.DecodeString(api.Text(secret, "data", key))
	return string(text)
}

// etcdSnapshot saves and lists snapshots of this server's etcd.
func etcdSnapshot(arguments []string) error {
	flags := textFlags(arguments)
	at := localLayout(flags)
	folder := at.server("db/snapshots")
	if given := flags["dir"]; given != "" {
		folder = given
	}
	name := "save"
	if len(arguments) > 0 && !strings.HasPrefix(arguments[0], "-") {
		name = arguments[0]
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	sort.Strings(files)
	switch name {
	case "save":
		client, err := etcd.NewClient("https://127.0.0.1:2379", at.tls("etcd/server-ca.crt"), at.tls("etcd/client"))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		base := flags["name"]
		if base == "" {
			base = "on-demand"
		}
		file := filepath.Join(folder, fmt.Sprintf("%s-%s-%d", base, options{}.nodeName(), time.Now().Unix()))
		if err := client.Snapshot(file); err != nil {
			return err
		}
		say("Saving etcd snapshot to %s", file)
		say("Snapshot %s saved.", filepath.Base(file))
		return nil
	case "ls", "list", "l":
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
		fmt.Fprintln(out, "Name\tLocation\tSize\tCreated")
		for _, file := range files {
			if about, err := os.Stat(file); err == nil {
				fmt.Fprintf(out, "%s\tfile://%s\t%d\t%s\n", filepath.Base(file), file, about.Size(), about.ModTime().UTC().Format(time.RFC3339))
			}
		}
		return out.Flush()
	case "delete":
		for _, each := range arguments[1:] {
			if err := os.Remove(filepath.Join(folder, filepath.Base(each))); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("No help topic for '%s'", name)
}

// certificate tells when certificates expire, or takes them away, so that the next start issues new ones.
func certificate(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("usage: k3s certificate check|rotate")
	}
	at := localLayout(textFlags(arguments[1:]))
	var files []string
	for _, folder := range []string{at.tls("*.crt"), at.tls("etcd/*.crt"), at.agent("*.crt")} {
		found, _ := filepath.Glob(folder)
		files = append(files, found...)
	}
	sort.Strings(files)
	switch arguments[0] {
	case "rotate":
		aside := at.server(fmt.Sprintf("tls-%d", time.Now().Unix()))
		for _, file := range files {
			if strings.HasSuffix(file, "-ca.crt") {
				continue
			}
			say("Rotating certificates for %s", filepath.Base(file))
			if text, err := os.ReadFile(file); err == nil {
				_ = pki.WriteFile(filepath.Join(aside, filepath.Base(file)), text, 0o600)
			}
			_ = os.Remove(file)
		}
		_ = os.Remove(at.tls("dynamic-cert.json"))
		say("Successfully backed up certificates to %s, please restart k3s server or agent to rotate certificates", aside)
		return nil
	case "check":
		return checkCertificates(files, textFlags(arguments[1:])["output"])
	}
	return fmt.Errorf("No help topic for '%s'", arguments[0])
}

func checkCertificates(files []string, output string) error {
	type row struct {
		Filename, Subject, Status string
		ExpiryTime                time.Time
	}
	var rows []row
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if found, err := pki.Parse(text); err == nil {
			status := "OK"
			if time.Until(found.NotAfter) < 0 {
				status = "EXPIRED"
			} else if time.Until(found.NotAfter) < 120*24*time.Hour {
				status = "WARNING"
			}
			rows = append(rows, row{filepath.Base(file), "CN=" + found.Subject.CommonName, status, found.NotAfter.UTC()})
		}
	}
	if output == "json" {
		fmt.Println(asJSON(rows))
		return nil
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	if output == "table" {
		fmt.Fprintln(out, "FILENAME\tSUBJECT\tEXPIRES\tSTATUS")
	}
	for _, each := range rows {
		if output == "table" {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", each.Filename, each.Subject, each.ExpiryTime.Format("Jan 02, 2006 15:04 MST"), each.Status)
		} else {
			say("%s: certificate %s is ok, expires at %s", each.Filename, each.Subject, each.ExpiryTime.Format(time.RFC3339))
		}
	}
	return out.Flush()
}

// textFlags reads `--name value` and `--name=value`.
func textFlags(arguments []string) map[string]string {
	flags := map[string]string{}
	for i := 0; i < len(arguments); i++ {
		name, value, hasValue := strings.Cut(strings.TrimLeft(arguments[i], "-"), "=")
		if strings.HasPrefix(arguments[i], "-") {
			if !hasValue && i+1 < len(arguments) {
				i++
				value = arguments[i]
			}
			flags[name] = value
		}
	}
	return flags
}
