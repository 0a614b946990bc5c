// Package etcd runs one member of the real etcd and asks members by etcd's JSON gateway.
package etcd

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Client asks one member, at `https://10.0.0.2:2379`.
type Client struct {
	base string
	http *http.Client
}

// Member is one member as the list has it; Name is empty until it has started.
type Member struct {
	ID        string   `json:"ID"`
	Name      string   `json:"name"`
	PeerURLs  []string `json:"peerURLs"`
	ClientURL []string `json:"clientURLs"`
	IsLearner bool     `json:"isLearner"`
}

// NewClient makes a client of an authority's file and a certificate's <path>.crt and <path>.key.
func NewClient(base, authority, path string) (*Client, error) {
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	pair, err := tls.LoadX509KeyPair(path+".crt", path+".key")
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}
	return &Client{base: base, http: &http.Client{Transport: transport}}, nil
}

// Members lists the members, as a majority knows them.
func (client *Client) Members() ([]Member, error) {
	var answer struct {
		Members []Member `json:"members"`
	}
	err := client.ask("/v3/cluster/member/list", map[string]interface{}{}, &answer)
	return answer.Members, err
}

// AddLearner announces a member that has no vote until it is promoted, so that one that never comes up harms nobody.
func (client *Client) AddLearner(peerURL string) error {
	return client.ask("/v3/cluster/member/add", map[string]interface{}{"peerURLs": []string{peerURL}, "isLearner": true}, nil)
}

// Promote gives a learner its vote; refused until it is in sync.
func (client *Client) Promote(id string) error {
	return client.ask("/v3/cluster/member/promote", map[string]interface{}{"ID": id}, nil)
}

// Remove takes a member out.
func (client *Client) Remove(id string) error {
	return client.ask("/v3/cluster/member/remove", map[string]interface{}{"ID": id}, nil)
}

// IsHealthy tells whether the member answers a read that needs a majority.
func (client *Client) IsHealthy() bool {
	return client.ask("/v3/kv/range", map[string]interface{}{"key": base64.StdEncoding.EncodeToString([]byte("health"))}, nil) == nil
}

// Snapshot writes the database of the member into a file.
func (client *Client) Snapshot(file string) error {
	response, err := client.http.Post(client.base+"/v3/maintenance/snapshot", "application/json", bytes.NewReader([]byte("{}")))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("snapshot: %s", response.Status)
	}
	out, err := os.OpenFile(file+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	for parts := json.NewDecoder(response.Body); ; {
		var part struct {
			Result struct {
				Blob []byte `json:"blob"`
			} `json:"result"`
		}
		if err := parts.Decode(&part); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if _, err := out.Write(part.Result.Blob); err != nil {
			return err
		}
	}
	return os.Rename(file+".part", file)
}

func (client *Client) ask(path string, question, answer interface{}) error {
	text, err := json.Marshal(question)
	if err != nil {
		return err
	}
	asking := *client.http
	asking.Timeout = 10 * time.Second
	response, err := asking.Post(client.base+path, "application/json", bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(said, &refusal)
		return fmt.Errorf("etcd: %s", refusal.Error)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(said, answer)
}
