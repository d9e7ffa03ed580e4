package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func refused(err error) {
	if err == nil {
		fmt.Println("REFUSED: something altered was accepted")
		os.Exit(1)
	}
}

func hash(text string) (found tlog.Hash) {
	raw, err := base64.StdEncoding.DecodeString(text)
	must(err)
	copy(found[:], raw)
	return found
}

func main() {
	var keys []note.Verifier
	text, err := os.ReadFile("keys.txt")
	must(err)
	for _, line := range strings.Fields(string(text)) {
		if key, err := note.NewVerifier(line); err == nil { // sumdb/note knows Ed25519 only
			keys = append(keys, key)
		}
	}
	known := note.VerifierList(keys...)
	paths, err := filepath.Glob("epoch-*/entries/*")
	must(err)
	for _, path := range paths {
		entry, err := os.ReadFile(path)
		must(err)
		opened, err := note.Open(entry, known)
		must(err)
		if len(opened.UnverifiedSigs) > 0 {
			must(fmt.Errorf("%s bears a signature by an unknown key", path))
		}
		at, err := strconv.ParseInt(filepath.Base(path), 10, 64)
		must(err)
		data, err := os.ReadFile(strings.Replace(path, "/entries/", "/proofs/", 1) + ".tlog-proof")
		must(err)
		parts := strings.SplitN(string(data), "\n\n", 2)
		head, err := note.Open([]byte(parts[1]), known)
		must(err)
		lines := strings.Split(head.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		must(err)
		var proof tlog.RecordProof
		for _, line := range strings.Split(parts[0], "\n")[2:] {
			proof = append(proof, hash(line))
		}
		must(tlog.CheckRecord(proof, size, hash(lines[2]), at, tlog.RecordHash(entry)))
		altered := bytes.Replace(entry, []byte(`"type":"`), []byte(`"type":"X`), 1)
		refused(tlog.CheckRecord(proof, size, hash(lines[2]), at, tlog.RecordHash(altered)))
		_, err = note.Open(altered, known)
		refused(err)
	}
	fmt.Printf("%d entries, each signed and in the tree of its checkpoint: good\n", len(paths))
}
