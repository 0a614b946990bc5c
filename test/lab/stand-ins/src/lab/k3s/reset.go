package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lab/children"
)

// clusterReset makes this server's member the only one, and ends.
func (server *clusterServer) clusterReset() error {
	if server.one("cluster-reset-restore-path") != "" {
		return fmt.Errorf("the stand-in cannot restore a snapshot (cluster-reset-restore-path)")
	}
	flag := server.server("db/reset-flag")
	if exists(flag) {
		return fmt.Errorf("Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s normally. If you need to perform another cluster reset, you must first manually delete the file at %s", flag)
	}
	if !exists(filepath.Join(server.etcd(), "member")) {
		return fmt.Errorf("etcd: no data at %s", server.etcd())
	}
	var err error
	if server.authorities, err = openAuthorities(server.layout); err != nil {
		return err
	}
	if err := server.writeCertificates(); err != nil {
		return err
	}
	member := server.member()
	member.ForceNewCluster = true
	server.family = children.New(server.agent("logs"))
	if err := server.family.Keep("etcd", nil, member.Arguments()...); err != nil {
		return err
	}
	local, err := server.localEtcd()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); !local.IsHealthy(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("etcd does not answer:\n%s", server.family.Tail("etcd", 10))
		}
	}
	server.family.Stop()
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		return err
	}
	say("Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes")
	return nil
}
