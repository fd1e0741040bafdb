// SPDX-License-Identifier: Apache-2.0

package baton

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// encodeObject is the JSON of variables, empty for none. The error names the place of what JSON does not have, or what is too large.
func encodeObject(value any, what string) (data []byte, err error) {
	defer func() { // of types that write themselves
		if problem := recover(); problem != nil {
			data, err = nil, fmt.Errorf("the %s cannot be written as JSON: panic: %v", what, problem)
		}
	}()
	if isNothing(value) {
		return nil, nil
	}
	if err = (&checker{}).check(reflect.ValueOf(value), ""); err != nil {
		return nil, err
	}
	if data, err = encode(value); err != nil {
		return nil, fmt.Errorf("what the handler returned cannot be written as JSON: %w", err)
	}
	if len(data) == 0 || data[0] != '{' {
		if string(data) == "null" {
			return nil, nil
		}
		return nil, fmt.Errorf("the handler returned a %T; variables have names: return a struct, a map or nil", value)
	}
	if len(data) > maxVariablesBytes {
		name, size := largest(data)
		return nil, fmt.Errorf("the %s have %d bytes, at most %d are taken; %q alone has %d", what, len(data), maxVariablesBytes, name, size)
	}
	return data, nil
}

func isNothing(value any) bool {
	if value == nil {
		return true
	}
	of := reflect.ValueOf(value)
	switch of.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Interface:
		return of.IsNil()
	case reflect.Struct:
		return of.NumField() == 0
	}
	return false
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

func largest(object []byte) (string, int) {
	var parts map[string]json.RawMessage
	name, size := "", 0
	if json.Unmarshal(object, &parts) != nil {
		return name, size
	}
	for one, value := range parts {
		if len(value) > size {
			name, size = one, len(value)
		}
	}
	return name, size
}

// checker finds what encoding/json would refuse without a place, or change in silence.
type checker struct{ above []uintptr }

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	numberType    = reflect.TypeFor[json.Number]()
)

func placeOf(path string) string {
	if path == "" {
		return "the value"
	}
	return path
}

func (c *checker) check(value reflect.Value, path string) error {
	if !value.IsValid() {
		return nil
	}
	if of := value.Type(); of != numberType && (of.Implements(jsonMarshaler) || of.Implements(textMarshaler)) {
		return nil
	}
	switch value.Kind() {
	case reflect.Float32, reflect.Float64:
		if number := value.Float(); math.IsNaN(number) || math.IsInf(number, 0) {
			return fmt.Errorf("%s is %v, which is no number in JSON", placeOf(path), number)
		}
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return fmt.Errorf("%s holds bytes that are no UTF-8 text", placeOf(path))
		}
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Errorf("%s is a %s, which JSON does not have", placeOf(path), value.Type())
	case reflect.Interface:
		return c.check(value.Elem(), path)
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return c.checkReference(value, path)
	case reflect.Array:
		return c.checkItems(value, path)
	case reflect.Struct:
		return c.checkFields(value, path)
	}
	return nil
}

func (c *checker) checkReference(value reflect.Value, path string) error {
	if value.IsNil() || value.Kind() == reflect.Slice && value.Len() == 0 {
		return nil
	}
	at := value.Pointer()
	for _, one := range c.above {
		if one == at && value.Kind() != reflect.Slice || len(c.above) > 10_000 {
			return fmt.Errorf("%s contains itself", placeOf(path))
		}
	}
	c.above = append(c.above, at)
	defer func() { c.above = c.above[:len(c.above)-1] }()
	switch value.Kind() {
	case reflect.Map:
		return c.checkMap(value, path)
	case reflect.Slice:
		return c.checkItems(value, path)
	}
	return c.check(value.Elem(), path)
}

func (c *checker) checkMap(value reflect.Value, path string) error {
	for entries := value.MapRange(); entries.Next(); {
		key := entries.Key()
		if err := c.check(key, placeOf(path)+"'s key"); err != nil {
			return err
		}
		if err := c.check(entries.Value(), strings.TrimPrefix(fmt.Sprintf("%s.%v", path, key), ".")); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkItems(value reflect.Value, path string) error {
	if value.Type().Elem().Kind() == reflect.Uint8 {
		return nil
	}
	for i := range value.Len() {
		if err := c.check(value.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkFields(value reflect.Value, path string) error {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, _, isSkipped := jsonName(field)
		if isSkipped {
			continue
		}
		below := strings.TrimPrefix(path+"."+name, ".")
		if field.Anonymous && name == "" {
			below = path
		}
		if err := c.check(value.Field(i), below); err != nil {
			return err
		}
	}
	return nil
}

// jsonName is how encoding/json calls the field; empty for what is embedded without a name.
func jsonName(field reflect.StructField) (name string, isOptional, isSkipped bool) {
	tag := field.Tag.Get("json")
	name, options, _ := strings.Cut(tag, ",")
	if tag == "-" || !field.IsExported() && !field.Anonymous {
		return "", false, true
	}
	for _, one := range strings.Split(options, ",") {
		isOptional = isOptional || one == "omitempty" || one == "omitzero"
	}
	if name == "" && !field.Anonymous {
		name = field.Name
	}
	return name, isOptional, false
}
