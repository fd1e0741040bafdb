// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Variables of a job as they came. No number loses a digit: numbers are json.Number.
type Variables = map[string]any

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decodeInto fills what the handler takes; the error is a *BadInput that names the variable.
// A field is required unless it is a pointer, has omitempty or omitzero, or a default:"…". Names fit exactly, upper and lower case apart.
func decodeInto(data []byte, target any) error {
	if len(data) == 0 {
		data = []byte("{}")
	}
	return decodeValue(data, reflect.ValueOf(target).Elem(), "")
}

func decodeValue(data json.RawMessage, target reflect.Value, path string) error {
	of := target.Type()
	if of.Kind() == reflect.Pointer {
		if isNull(data) {
			target.SetZero()
			return nil
		}
		target.Set(reflect.New(of.Elem()))
		return decodeValue(data, target.Elem(), path)
	}
	if isLeaf(of) {
		return decodeLeaf(data, target, path)
	}
	switch of.Kind() {
	case reflect.Struct:
		return decodeStruct(data, target, path)
	case reflect.Slice:
		return decodeSlice(data, target, path)
	case reflect.Map:
		return decodeMap(data, target, path)
	}
	return decodeLeaf(data, target, path)
}

func isLeaf(of reflect.Type) bool {
	pointer := reflect.PointerTo(of)
	if pointer.Implements(jsonUnmarshaler) || pointer.Implements(textUnmarshaler) {
		return true
	}
	switch of.Kind() {
	case reflect.Slice:
		return of.Elem().Kind() == reflect.Uint8
	case reflect.Map:
		return of.Key().Kind() != reflect.String || of.Elem().Kind() == reflect.Interface
	}
	return false
}

func isNull(data []byte) bool { return string(bytes.TrimSpace(data)) == "null" }

func decodeLeaf(data []byte, target reflect.Value, path string) error {
	if isNull(data) && target.Kind() != reflect.Interface && target.Kind() != reflect.Map && target.Kind() != reflect.Slice {
		return &BadInput{path, fmt.Sprintf(": expected %s, found null", target.Type())}
	}
	err := unmarshal(data, target.Addr().Interface())
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		found := wrong.Value
		if strings.HasPrefix(found, "number") { // the digits themselves
			found = strings.TrimSpace(string(data))
		}
		return &BadInput{joined(path, wrong.Field), fmt.Sprintf(": expected %s, found %s", wrong.Type, found)}
	}
	return &BadInput{path, ": " + err.Error()}
}

func joined(path, below string) string {
	if below == "" {
		return path
	}
	return strings.TrimPrefix(path+"."+below, ".")
}

func unmarshal(data []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(target); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the JSON value")
	}
	return nil
}

func kindOf(data []byte) string {
	switch data = bytes.TrimSpace(data); {
	case len(data) == 0:
		return "nothing"
	case data[0] == '{':
		return "object"
	case data[0] == '[':
		return "array"
	case data[0] == '"':
		return "string"
	case data[0] == 't' || data[0] == 'f':
		return "bool"
	}
	return string(data)
}

func decodeStruct(data []byte, target reflect.Value, path string) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || parts == nil {
		return &BadInput{path, fmt.Sprintf(": expected an object, found %s", kindOf(data))}
	}
	return decodeFields(parts, target, path)
}

func nameOf(field reflect.StructField) string {
	if name, _, _ := jsonName(field); name != "" {
		return name
	}
	return field.Name
}

func decodeFields(parts map[string]json.RawMessage, target reflect.Value, path string) error {
	for i := range target.NumField() {
		field := target.Type().Field(i)
		name, isOptional, isSkipped := jsonName(field)
		if isSkipped || !field.IsExported() && field.Type.Kind() != reflect.Struct {
			continue
		}
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			if err := decodeFields(parts, target.Field(i), path); err != nil {
				return err
			}
			continue
		}
		if err := decodeField(parts, field, target.Field(i), isOptional, path); err != nil {
			return err
		}
	}
	return nil
}

func decodeField(parts map[string]json.RawMessage, field reflect.StructField, target reflect.Value, isOptional bool, above string) error {
	name := nameOf(field)
	path := joined(above, name)
	data, isThere := parts[name]
	if isThere && !(isOptional && isNull(data)) {
		return decodeValue(data, target, path)
	}
	if fallback, has := field.Tag.Lookup("default"); has {
		return decodeDefault(fallback, target, path)
	}
	if isOptional || field.Type.Kind() == reflect.Pointer {
		return nil
	}
	return &BadInput{path, " is missing"}
}

// A default stands as JSON, or as text where a text is wanted.
func decodeDefault(text string, target reflect.Value, path string) error {
	if target.Kind() == reflect.String {
		target.SetString(text)
		return nil
	}
	return decodeValue([]byte(text), target, path)
}

func decodeSlice(data []byte, target reflect.Value, path string) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return &BadInput{path, fmt.Sprintf(": expected an array, found %s", kindOf(data))}
	}
	target.Set(reflect.MakeSlice(target.Type(), len(items), len(items)))
	for i, item := range items {
		if err := decodeValue(item, target.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeMap(data []byte, target reflect.Value, path string) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return &BadInput{path, fmt.Sprintf(": expected an object, found %s", kindOf(data))}
	}
	target.Set(reflect.MakeMapWithSize(target.Type(), len(parts)))
	for name, part := range parts {
		value := reflect.New(target.Type().Elem()).Elem()
		if err := decodeValue(part, value, joined(path, name)); err != nil {
			return err
		}
		target.SetMapIndex(reflect.ValueOf(name).Convert(target.Type().Key()), value)
	}
	return nil
}
