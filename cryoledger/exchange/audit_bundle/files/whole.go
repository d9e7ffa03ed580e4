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

type tiles string // the folder of an epoch

func (folder tiles) Height() int { return 8 }

func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (folder tiles) ReadTiles(wanted []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(string(folder), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

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
	for epoch := 1; ; epoch++ {
		folder := fmt.Sprintf("epoch-%d", epoch)
		signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
		if os.IsNotExist(err) {
			break
		}
		must(err)
		head, err := note.Open(signed, known)
		must(err)
		_, err = note.Open(bytes.Replace(signed, []byte(head.Text), []byte("x"+head.Text), 1), known)
		refused(err)
		lines := strings.Split(head.Text, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		must(err)
		raw, err := base64.StdEncoding.DecodeString(lines[2])
		must(err)
		tree := tlog.Tree{N: size}
		copy(tree.Hash[:], raw)
		hashes := tlog.TileHashReader(tree, tiles(folder))
		signatures, proofs := 0, 0
		for first := int64(0); first < size; first += 256 {
			count := size - first
			if count > 256 {
				count = 256
			}
			path := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(count)}.Path()
			data, err := os.ReadFile(filepath.Join(folder, strings.Replace(path, "tile/8/0/", "tile/entries/", 1)))
			must(err)
			for at := first; at < first+count; at++ {
				length := int(data[0])<<8 | int(data[1])
				entry := data[2 : 2+length]
				data = data[2+length:]
				opened, err := note.Open(entry, known)
				must(err)
				if len(opened.UnverifiedSigs) > 0 {
					must(fmt.Errorf("entry %d bears a signature by an unknown key", at))
				}
				signatures += len(opened.Sigs)
				altered := bytes.Replace(entry, []byte(`"type":"`), []byte(`"type":"X`), 1)
				_, err = note.Open(altered, known)
				refused(err)
				if at%(1+size/500) != 0 {
					continue
				}
				proof, err := tlog.ProveRecord(size, at, hashes)
				must(err)
				must(tlog.CheckRecord(proof, size, tree.Hash, at, tlog.RecordHash(entry)))
				refused(tlog.CheckRecord(proof, size, tree.Hash, at, tlog.RecordHash(altered)))
				older, err := tlog.TreeHash(at+1, hashes)
				must(err)
				growth, err := tlog.ProveTree(size, at+1, hashes)
				must(err)
				must(tlog.CheckTree(growth, size, tree.Hash, at+1, older))
				older[0] ^= 1
				refused(tlog.CheckTree(growth, size, tree.Hash, at+1, older))
				proofs++
			}
		}
		fmt.Printf("%s: %d entries, %d signatures, %d inclusion and consistency proofs: good\n", lines[0], size, signatures, proofs)
	}
}
