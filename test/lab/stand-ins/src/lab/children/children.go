// Package children runs the programs that a stand-in is made of. They end with it, however it ends.
package children

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Family is the running programs. Failed gets an error when one ends that should not.
type Family struct {
	Failed chan error

	logs   string
	starts chan func()
	mutex  sync.Mutex
	alive  []*child
	ending bool
}

type child struct {
	name    string
	process *os.Process
	ended   chan struct{}
	// Whether its end is no news.
	isReleased bool
}

// New makes a family whose members write a log each into a folder.
func New(logs string) *Family {
	family := &Family{Failed: make(chan error, 16), logs: logs, starts: make(chan func())}
	go func() {
		// A child gets its parent's death by thread, so all start from one that stays.
		runtime.LockOSThread()
		for start := range family.starts {
			start()
		}
	}()
	return family
}

// Keep starts a program that has to run as long as we do.
func (family *Family) Keep(name string, environment []string, argv ...string) error {
	_, err := family.start(name, environment, argv, func(state *os.ProcessState) {
		family.Failed <- fmt.Errorf("%s %s; its last lines:\n%s", name, state, family.Tail(name, 15))
	})
	return err
}

// Restart starts a program that may end, as one does that lost a lease, and starts it again.
func (family *Family) Restart(name string, environment []string, argv ...string) {
	_, err := family.start(name, environment, argv, func(*os.ProcessState) {
		time.Sleep(time.Second)
		family.Restart(name, environment, argv...)
	})
	if err != nil {
		family.Failed <- err
	}
}

// End asks a program to end; one that was started by Restart comes again.
func (family *Family) End(name string) {
	family.mutex.Lock()
	defer family.mutex.Unlock()
	for _, each := range family.alive {
		if each.name == name {
			_ = each.process.Signal(syscall.SIGTERM)
		}
	}
}

// Release ends a program for good; that it ends is no failure any more.
func (family *Family) Release(name string) {
	family.mutex.Lock()
	defer family.mutex.Unlock()
	for _, each := range family.alive {
		if each.name == name {
			each.isReleased = true
			_ = each.process.Kill()
		}
	}
}

// Watch starts a program and tells of its end.
func (family *Family) Watch(name string, argv []string, ended func(state *os.ProcessState)) error {
	_, err := family.start(name, nil, argv, ended)
	return err
}

func (family *Family) start(name string, environment, argv []string, ended func(*os.ProcessState)) (*child, error) {
	if err := os.MkdirAll(family.logs, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(family.LogFile(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(argv[0], argv[1:]...)
	command.Stdout, command.Stderr, command.Env = log, log, environment
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	family.starts <- func() { started <- command.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	made := &child{name: name, process: command.Process, ended: make(chan struct{})}
	family.mutex.Lock()
	family.alive = append(family.alive, made)
	family.mutex.Unlock()
	go func() {
		_ = command.Wait()
		close(made.ended)
		family.mutex.Lock()
		ending := family.ending || made.isReleased
		for i, each := range family.alive {
			if each == made {
				family.alive = append(family.alive[:i:i], family.alive[i+1:]...)
				break
			}
		}
		family.mutex.Unlock()
		if !ending {
			ended(command.ProcessState)
		}
	}()
	return made, nil
}

// Stop ends all, in the reverse order of their start, each with its patience; containers' shims are nobody's children
// by then and stay.
func (family *Family) Stop() {
	family.mutex.Lock()
	family.ending = true
	alive := append([]*child(nil), family.alive...)
	family.mutex.Unlock()
	for i := len(alive) - 1; i >= 0; i-- {
		each := alive[i]
		_ = each.process.Signal(syscall.SIGTERM)
		patience := 700 * time.Millisecond
		if each.name == "etcd" || each.name == "containerd" {
			patience = 5 * time.Second
		}
		select {
		case <-each.ended:
		case <-time.After(patience):
			_ = each.process.Kill()
			<-each.ended
		}
	}
}

// LogFile is where a program's output goes.
func (family *Family) LogFile(name string) string {
	return filepath.Join(family.logs, name+".log")
}

// Tail gives the last lines of a program's log.
func (family *Family) Tail(name string, lines int) []byte {
	text, err := os.ReadFile(family.LogFile(name))
	if err != nil {
		return []byte(err.Error())
	}
	all := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return bytes.Join(all, []byte("\n"))
}
