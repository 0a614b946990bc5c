package programs

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

// What test/lab/kubernetes/build linked in.
const (
	builtVersion = "v1.20.2"
	builtCommit  = "0000000000000000000000000000000000000000"
)

// Stamp copies a program of Kubernetes that then says it is of another version, unless the copy is there. Go keeps a
// variable's text and a header (address, length) of it: the version is written where the commit's 40 zeros were, and the
// header of the version is made to point there. So each version needs no build of minutes.
func Stamp(source, target, version string) error {
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	if len(version) > len(builtCommit) {
		return fmt.Errorf("%q is too long for a version", version)
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	program, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	versions := headersOf(program, content, builtVersion)
	commits := headersOf(program, content, builtCommit)
	if len(versions) == 0 || len(commits) == 0 {
		return fmt.Errorf("%s has no version to replace", source)
	}
	place := commits[0]
	copy(content[place.text:], version)
	for _, each := range versions {
		binary.LittleEndian.PutUint64(content[each.header:], place.address)
		binary.LittleEndian.PutUint64(content[each.header+8:], uint64(len(version)))
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(target+".new", content, 0o755); err != nil {
		return err
	}
	return os.Rename(target+".new", target)
}

// place is a text in a program: its address once loaded, where its bytes are in the file, and where its header is.
type place struct{ address, text, header uint64 }

func headersOf(program *elf.File, content []byte, text string) []place {
	texts := map[uint64]uint64{}
	var found []place
	for _, section := range program.Sections {
		if section.Addr == 0 || section.Type == elf.SHT_NOBITS {
			continue
		}
		bytesOf := content[section.Offset : section.Offset+section.Size]
		for at := 0; ; at++ {
			next := bytes.Index(bytesOf[at:], []byte(text))
			if next < 0 {
				break
			}
			at += next
			texts[section.Addr+uint64(at)] = section.Offset + uint64(at)
		}
	}
	for _, section := range program.Sections {
		if section.Name != ".data" {
			continue
		}
		for at := section.Offset; at+16 <= section.Offset+section.Size; at += 8 {
			address := binary.LittleEndian.Uint64(content[at:])
			if where, is := texts[address]; is && binary.LittleEndian.Uint64(content[at+8:]) == uint64(len(text)) {
				found = append(found, place{address: address, text: where, header: at})
			}
		}
	}
	return found
}
