package registry

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"msklambda/lambda/kafka/wire"
)

const uuid = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"

func TestFiles(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	reg, err := Files(fstest.MapFS{
		"schemas/17.avsc": file(`"long"`), "schemas/18.json": file(`{}`), "schemas/" + uuid + ".proto": file("message M {}"), "other/x": file(""),
	}, "schemas")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Schema{
		"17": {Format: Avro, Text: `"long"`}, "18": {Format: JSON, Text: "{}"}, strings.ToUpper(uuid): {Format: Protobuf, Text: "message M {}"},
	} {
		if got, err := reg.Schema(t.Context(), wire.ParseID(id)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Schema(%s) = %v, %v, want %v", id, got, err, want)
		}
	}
	_, err = reg.Schema(t.Context(), wire.ConfluentID(19))
	if !errors.Is(err, ErrUnknown) || !isTransient(t, err) || fmt.Sprint(err) != "schema 19: the registry does not have it" {
		t.Errorf("an id that is not there: %v, want ErrUnknown, transient: the next version may have it", err)
	}
	for name, want := range map[string]string{
		"schemas/orders.avsc": "must be named by a number or a UUID",
		"schemas/17.txt":      "must be named by a number or a UUID, and .avsc, .json or .proto",
	} {
		if _, err := Files(fstest.MapFS{name: file("")}, "schemas"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := Files(fstest.MapFS{"schemas/17.avsc": file(""), "schemas/17.json": file("")}, "schemas"); err == nil || !strings.Contains(err.Error(), "17 twice") {
		t.Errorf("two files of an id: %v, want an error", err)
	}
	if _, err := Files(fstest.MapFS{}, "schemas"); err == nil {
		t.Error("no directory: want an error")
	}
}
