// Package assembly reads the mappings of an app out of what cdk synth has written, so
// that what runs locally is what would be deployed.
package assembly

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"msklambda/constructs/plan"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/poller"
)

// Options say what to take of an assembly, and what takes the place of what it says.
type Options struct {
	Only    []string          // names of consumers. Default: all that are enabled.
	Sources map[string]string // directories of Go main packages, by consumer
	Env     []string          // NAME=value, for all functions, before what templates say

	// Find returns the directory of a Go package by its import path, "" = not here.
	Find func(importPath string) string

	// Runs reports whether a program for a system and an architecture runs here.
	Runs func(goos, goarch string) bool
}

// App is what was found.
type App struct {
	Mappings []*mapping.Mapping
	Skipped  []string // a line for each mapping that is left out, and why
}

// Read reads the mappings of Kafka topics of a cdk.out, or of a template by itself.
func Read(path string, o Options) (*App, error) {
	templates, err := plan.Load(path)
	if err != nil {
		return nil, fmt.Errorf("-app must be a cdk.out that cdk synth has written, or a template: %w", err)
	}
	r := &reader{Options: o, app: &App{}}
	for _, t := range templates {
		r.templates = append(r.templates, &template{Template: t})
	}
	for _, t := range r.templates {
		if t.Rules["LookUpsArePending"] != nil {
			return nil, fmt.Errorf("-app %s: the look-ups of stack %s have no answers yet: run cdk synth with an account once", path, t.Stack)
		}
		if err := t.readRest(); err != nil {
			return nil, err
		}
	}
	var errs []error
	for _, t := range r.templates {
		for _, id := range t.mappings() {
			if err := r.add(t, id); err != nil {
				errs = append(errs, err)
			}
		}
	}
	r.checkOnly(&errs)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(r.app.Mappings) == 0 {
		return nil, fmt.Errorf("-app %s has no mapping of a Kafka topic to run%s", path, because(r.app.Skipped))
	}
	return r.app, nil
}

func because(skipped []string) string {
	if len(skipped) == 0 {
		return ""
	}
	return ": " + strings.Join(skipped, "; ")
}

type reader struct {
	Options
	templates []*template
	app       *App
	names     []string // of all mappings
}

func (r *reader) checkOnly(errs *[]error) {
	for _, name := range r.Only {
		if !slices.Contains(r.names, name) {
			*errs = append(*errs, fmt.Errorf("-only must name consumers of -app, one of %s, got %q", strings.Join(r.names, ", "), name))
		}
	}
	for name := range r.Sources {
		if !slices.Contains(r.names, name) {
			*errs = append(*errs, fmt.Errorf("-source must name a consumer of -app, one of %s, got %q", strings.Join(r.names, ", "), name))
		}
	}
}

var (
	mappingPath = regexp.MustCompile(`/?Mapping[0-9a-f]{8}$`)
	mappingID   = regexp.MustCompile(`Mapping[0-9a-f]{8}[0-9A-F]{8}$`)
)

// nameOf is the last part of the construct's path, or what is left of the logical id.
func nameOf(id string, r *plan.Resource) string {
	path, ok := r.Metadata["aws:cdk:path"].(string)
	if !ok {
		return mappingID.ReplaceAllString(id, "")
	}
	path = mappingPath.ReplaceAllString(strings.TrimSuffix(path, "/Resource"), "")
	return path[strings.LastIndex(path, "/")+1:]
}

// add takes one mapping over.
func (r *reader) add(t *template, id string) error {
	resource := t.Resources[id]
	p := resource.Properties
	name := nameOf(id, resource)
	if slices.Contains(r.names, name) {
		name = t.Stack + "." + name
	}
	r.names = append(r.names, name)
	if len(r.Only) > 0 && !slices.Contains(r.Only, name) {
		return nil
	}
	if p["Enabled"] == false {
		r.app.Skipped = append(r.app.Skipped, name+" is disabled")
		return nil
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("-app: %s: %w", name, fmt.Errorf(format, args...))
	}
	topic, err := t.text(first(p["Topics"]))
	if err != nil {
		return bad("its topic %w", err)
	}
	m := mapping.New(topic, id)
	m.Name = name
	if group, err := t.text(at(p, "AmazonManagedKafkaEventSourceConfig", "ConsumerGroupId")); err == nil && group != "" {
		m.Group = group
	} else if group, err := t.text(at(p, "SelfManagedKafkaEventSourceConfig", "ConsumerGroupId")); err == nil && group != "" {
		m.Group = group
	} else {
		m.Notes = append(m.Notes, "its group is Lambda's own choice, and here "+id)
	}
	if err := t.settings(p, m); err != nil {
		return bad("%w", err)
	}
	if err := r.function(t, p["FunctionName"], m); err != nil {
		return bad("%w", err)
	}
	r.app.Mappings = append(r.app.Mappings, m)
	return nil
}

// settings are the mapping's own.
func (t *template) settings(p map[string]any, m *mapping.Mapping) error {
	m.BatchSize = number(p["BatchSize"], m.BatchSize)
	if seconds := number(p["MaximumBatchingWindowInSeconds"], -1); seconds >= 0 {
		m.Window = time.Duration(seconds) * time.Second
	}
	m.RetryAttempts = number(p["MaximumRetryAttempts"], -1)
	if seconds := number(p["MaximumRecordAgeInSeconds"], -1); seconds > 0 {
		m.MaxRecordAge = time.Duration(seconds) * time.Second
	}
	m.BisectOnError, _ = p["BisectBatchOnFunctionError"].(bool)
	for _, kind := range list(p["FunctionResponseTypes"]) {
		m.ReportBatchItemFailures = m.ReportBatchItemFailures || kind == "ReportBatchItemFailures"
	}
	if pollers, _ := p["ProvisionedPollerConfig"].(map[string]any); len(pollers) > 0 {
		// Lambda begins with the least, and adds as the lag grows.
		m.Pollers = max(1, number(pollers["MinimumPollers"], 1))
	}
	position, err := t.text(p["StartingPosition"])
	if err != nil {
		return fmt.Errorf("its starting position %w", err)
	}
	m.From = poller.Position(position)
	if seconds := number(p["StartingPositionTimestamp"], 0); seconds > 0 {
		m.Since = time.Unix(int64(seconds), 0).UTC()
	}
	for _, f := range list(at(p, "FilterCriteria", "Filters")) {
		pattern, err := t.text(at(f, "Pattern"))
		if err != nil {
			return fmt.Errorf("a filter of it %w", err)
		}
		m.Filters = append(m.Filters, pattern)
	}
	if destination := at(p, "DestinationConfig", "OnFailure", "Destination"); destination != nil {
		text, err := t.text(destination)
		if err != nil || !strings.HasPrefix(text, "kafka://") {
			// A queue, a topic of SNS or a bucket.
			text = DestinationFile
		}
		m.OnFailure = text
	}
	if at(p, "AmazonManagedKafkaEventSourceConfig", "SchemaRegistryConfig") != nil {
		m.Notes = append(m.Notes, "its schema registry is not asked: the function gets what is in the topic")
	}
	return nil
}

// DestinationFile stands for a destination of AWS, in whose place whoever runs the
// mapping puts a file.
const DestinationFile = "file:"

// directoryOf is where the assets of a template are.
func (t *template) directoryOf() string { return filepath.Dir(t.File) }
