// Package api is a small client of the Kubernetes API: objects as maps, merge patches.
package api

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Object is any object of the API.
type Object = map[string]interface{}

// Client asks one API server.
type Client struct {
	Base  string
	Token string // a bearer token, unless a certificate says who we are
	http  *http.Client
}

// Refused is an answer that is no success.
type Refused struct {
	Status int
	Path   string
	Reason string
}

func (refused *Refused) Error() string {
	return fmt.Sprintf("%s: %d %s", refused.Path, refused.Status, refused.Reason)
}

// IsNotFound tells a missing object from other failures.
func IsNotFound(err error) bool { return is(err, http.StatusNotFound) }

// Exists tells that an object was there before.
func Exists(err error) bool { return is(err, http.StatusConflict) }

func is(err error, status int) bool {
	refused, ok := err.(*Refused)
	return ok && refused.Status == status
}

// New makes a client that trusts an authority (PEM). pair may be nil.
func New(base string, authority []byte, pair *tls.Certificate) *Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	config := &tls.Config{RootCAs: pool}
	if pair != nil {
		config.Certificates = []tls.Certificate{*pair}
	}
	return &Client{Base: base, http: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{TLSClientConfig: config}}}
}

// FromFiles makes a client of an authority's file and a certificate's <path>.crt and <path>.key.
func FromFiles(base, authority, path string) (*Client, error) {
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(path+".crt", path+".key")
	if err != nil {
		return nil, err
	}
	return New(base, text, &pair), nil
}

// FromPair makes a client of an authority's file and one file with both certificate and key, as kubelets keep theirs.
func FromPair(base, authority, file string) (*Client, error) {
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, err
	}
	return New(base, text, &pair), nil
}

// Do sends one request; body nil sends none. @returns what came as JSON
func (client *Client) Do(method, path string, body interface{}, kind string) (Object, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, client.Base+path, sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", "application/json")
	if client.Token != "" {
		request.Header.Set("Authorization", "Bearer "+client.Token)
	}
	response, err := client.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var object Object
	_ = json.Unmarshal(text, &object)
	if response.StatusCode >= 300 {
		reason := Text(object, "message")
		if reason == "" {
			reason = http.StatusText(response.StatusCode)
		}
		return nil, &Refused{Status: response.StatusCode, Path: path, Reason: reason}
	}
	return object, nil
}

// Get reads one object.
func (client *Client) Get(path string) (Object, error) {
	return client.Do("GET", path, nil, "application/json")
}

// List reads all objects of a kind.
func (client *Client) List(path string) ([]Object, error) {
	list, err := client.Get(path)
	if err != nil {
		return nil, err
	}
	items, _ := list["items"].([]interface{})
	var objects []Object
	for _, item := range items {
		if object, is := item.(Object); is {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// Create makes an object; one that is there already is left as it is.
func (client *Client) Create(path string, object Object) error {
	_, err := client.Do("POST", path, object, "application/json")
	if Exists(err) {
		return nil
	}
	return err
}

// Patch merges changes into an object (RFC 7386); nil removes a field.
func (client *Client) Patch(path string, change Object) error {
	_, err := client.Do("PATCH", path, change, "application/merge-patch+json")
	return err
}

// Delete removes an object; one that is gone already is no error.
func (client *Client) Delete(path string) error {
	_, err := client.Do("DELETE", path, nil, "application/json")
	if IsNotFound(err) {
		return nil
	}
	return err
}

// IsReady tells whether the API server says that it is ready.
func (client *Client) IsReady() bool {
	request, err := http.NewRequest("GET", client.Base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := client.http.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// At follows keys into an object; nil where one is missing.
func At(object Object, keys ...string) interface{} {
	var value interface{} = object
	for _, key := range keys {
		fields, is := value.(Object)
		if !is {
			return nil
		}
		value = fields[key]
	}
	return value
}

// Text is At for a text; empty where there is none.
func Text(object Object, keys ...string) string {
	text, _ := At(object, keys...).(string)
	return text
}
