package mskapp

import (
	"reflect"
	"testing"

	"msklambda/constructs/msklambda"
)

func TestALookUpIsGivenEveryAttribute(t *testing.T) {
	c := &Config{AllowPublicAccess: true, AllowMissingTopics: true}
	v := reflect.ValueOf(&c.Cluster).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x" + v.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			if f.Type().Elem().Kind() != reflect.String {
				continue // of CDK objects, which a configuration cannot give
			}
			f.Set(reflect.ValueOf([]string{v.Type().Field(i).Name}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(msklambda.Endpoint{ID: v.Type().Field(i).Name}))
		}
	}
	given := reflect.ValueOf(c.lookupProps()).Elem()
	for i := range given.NumField() {
		name := given.Type().Field(i).Name
		var want any
		switch name {
		case "AllowPublicAccess":
			want = c.AllowPublicAccess
		case "AllowMissingTopics":
			want = c.AllowMissingTopics
		default:
			want = v.FieldByName(name).Interface()
		}
		if got := given.Field(i).Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}
