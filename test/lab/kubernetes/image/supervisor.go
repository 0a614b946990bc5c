package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// supervisor starts programs, reaps them and every orphan (as process 1 must), and tells when one that should stay ends.
type supervisor struct {
	failed chan error // one error is enough: the container ends with it
	logs   string     // folder with one file per program

	mutex    sync.Mutex
	ended    map[int]chan syscall.WaitStatus
	stopping bool
}

func newSupervisor(logs string) *supervisor {
	made := &supervisor{failed: make(chan error, 16), logs: logs, ended: map[int]chan syscall.WaitStatus{}}
	go made.reap()
	return made
}

// keep starts a program that has to run as long as the container does.
func (children *supervisor) keep(name string, argv ...string) error {
	ended, err := children.start(name, argv)
	if err != nil {
		return err
	}
	go func() {
		status := <-ended
		children.mutex.Lock()
		defer children.mutex.Unlock()
		if !children.stopping {
			children.failed <- fmt.Errorf("%s %s; its last lines:\n%s", name, describe(status), children.tail(name))
		}
	}()
	return nil
}

// run runs a program to its end.
func (children *supervisor) run(name string, argv ...string) error {
	ended, err := children.start(name, argv)
	if err != nil {
		return err
	}
	if status := <-ended; !status.Exited() || status.ExitStatus() != 0 {
		return fmt.Errorf("%s %s; its last lines:\n%s", name, describe(status), children.tail(name))
	}
	return nil
}

func (children *supervisor) start(name string, argv []string) (<-chan syscall.WaitStatus, error) {
	if err := os.MkdirAll(children.logs, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(children.logFile(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer nothing.Close()
	// Held until the process is known: it could be reaped before.
	children.mutex.Lock()
	defer children.mutex.Unlock()
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nothing, log, log}})
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	ended := make(chan syscall.WaitStatus, 1)
	children.ended[process.Pid] = ended
	return ended, nil
}

func (children *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.ECHILD {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			continue
		}
		children.mutex.Lock()
		if ended, known := children.ended[pid]; known {
			ended <- status
			delete(children.ended, pid)
		}
		children.mutex.Unlock()
	}
}

// stop asks all to end and waits for them, but not for long: nothing of a cluster that goes away has to be kept.
func (children *supervisor) stop(patience time.Duration) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		children.mutex.Lock()
		children.stopping = true
		running := len(children.ended)
		for pid := range children.ended {
			syscall.Kill(pid, syscall.SIGTERM)
		}
		children.mutex.Unlock()
		if running == 0 {
			return
		}
	}
}

func (children *supervisor) logFile(name string) string {
	return filepath.Join(children.logs, name+".log")
}

// tail gives the last lines of a program's log.
func (children *supervisor) tail(name string) []byte {
	const lines = 20
	text, err := os.ReadFile(children.logFile(name))
	if err != nil {
		return []byte(err.Error())
	}
	all := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return bytes.Join(all, []byte("\n"))
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "was killed by " + status.Signal().String()
	}
	return fmt.Sprintf("ended with code %d", status.ExitStatus())
}
