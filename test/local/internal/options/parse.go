package options

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"msklambda/constructs/problem"
	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/mapping"
)

// Parse reads the flags. Asked for help it writes it to out and returns
// [flag.ErrHelp]; any other error has a line for each thing that is wrong.
func Parse(args []string, out io.Writer) (*Options, error) {
	r := &raw{}
	s := define(r)
	if err := s.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(s, out)
		} else if strings.Contains(err.Error(), "not defined") {
			err = fmt.Errorf("%w (-help lists the flags)", err)
		}
		return nil, err
	}
	if s.NArg() > 0 {
		return nil, fmt.Errorf("no arguments are taken beside flags, got %q", s.Args())
	}
	given := map[string]bool{}
	s.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return r.finish(given)
}

// flagOf are the flags of the construct's fields.
var flagOf = map[string]string{
	"Topic": "-topic", "GroupID": "-group", "BatchSize": "-batch-size", "BatchWindow": "-batch-window", "RetryAttempts": "-retries",
	"MaxRecordAge": "-max-age", "BisectOnError": "-bisect", "ReportBatchItemFailures": "-partial", "OnFailure": "-on-failure",
	"OnFailure.KafkaTopic": "-on-failure kafka://", "Filters": "-filter", "Pollers": "-pollers", "Timeout": "-timeout",
	"MemorySize": "-memory", "Environment": "-env",
}

// finish puts together what the flags say, and finds what is wrong with it.
func (r *raw) finish(given map[string]bool) (*Options, error) {
	o, m := &r.Options, r.m
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	m.Env, m.Filters = r.env, r.filters
	o.Env = r.env
	if m.Partitions < 1 || m.Partitions > 1000 {
		bad("-partitions must be 1 to 1000, got %d", m.Partitions)
	}
	if o.Rate < 0 || o.Rate > 100_000 {
		bad("-rate must be 0 to 100000, got %v", o.Rate)
	}
	if o.Port < 0 || o.Port > 65535 {
		bad("-port must be 0 to 65535, got %d", o.Port)
	}
	if o.Duration < 0 {
		bad("-duration must not be negative, got %v", o.Duration)
	}
	if len(o.Trouble) > 0 && o.Event != "" {
		bad("-event has no records of a topic for -%s-at: a replay is of an event as it is", o.Trouble[0].Kind)
	}
	if o.Records == "" && o.UI == "" && (o.KeySchema != "" || o.ValueSchema != "") {
		bad("-key-schema and -value-schema need -records or -ui")
	}
	if o.Records != "" && o.Event != "" {
		bad("-records and -event exclude each other")
	}
	if o.Records != "" && !given["rate"] {
		o.Rate = 0 // as fast as it goes
	}
	if n, err := strconv.Atoi(o.UI); o.UI != "" && (err != nil || n < 0 || n > 65535) {
		bad("-ui must be a port, 0 to 65535, got %q", o.UI)
	}
	if o.UI != "" && o.Event != "" {
		bad("-ui and -event exclude each other: a replay ends")
	}
	if o.DebugPort < 1 || o.DebugPort > 65000 {
		bad("-debug-port must be 1 to 65000, got %d", o.DebugPort)
	}
	if given["debug-port"] && !o.Debug {
		bad("-debug-port needs -debug")
	}
	if o.Watch && o.Event != "" {
		bad("-watch and -event exclude each other: a replay ends")
	}
	var err error
	if m.From, m.Since, err = mapping.Position(r.from); err != nil {
		bad("-from %w", err)
	}
	if o.Fail.Kind != "" {
		if given["entry"] {
			bad("-fail runs a function that can fail, %s, and not that of -entry", FaultyEntry)
		}
		if o.Event != "" {
			bad("-fail and -event exclude each other")
		}
		m.Entry = FaultyEntry
	}
	errs = append(errs, r.finishKafka(given)...)
	if m.Group == "" {
		m.Group = m.Topic + "-fn"
		if o.Kafka != nil {
			// A group of that name may be at work there for somebody.
			m.Group = m.Topic + "-local"
		}
	}
	if o.App != "" || r.only != "" || len(r.sources) > 0 {
		errs = append(errs, r.finishApp(given)...)
	}
	var ps problem.List
	m.Check(&ps)
	for _, p := range ps {
		errs = append(errs, p.Rename(func(field string) string { return flagOf[field] }))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.App == "" {
		o.Mappings, o.Target = []*mapping.Mapping{m}, m.Topic
	}
	return o, nil
}

// ofTheApp are the flags whose place is taken by what an app says.
var ofTheApp = []string{"entry", "timeout", "memory", "group", "fail"}

// finishApp is about -app.
func (r *raw) finishApp(given map[string]bool) (errs []error) {
	if r.App == "" {
		for _, name := range []string{"only", "source"} {
			if given[name] {
				errs = append(errs, fmt.Errorf("-%s needs -app", name))
			}
		}
		return errs
	}
	groups, _ := Groups()
	own := ofTheApp
	for _, g := range groups {
		if g.Name == "The mapping" {
			own = append(slices.Clone(own), g.Flags...)
		}
	}
	for _, name := range own {
		if given[name] {
			errs = append(errs, fmt.Errorf("-%s must not be given with -app, where each mapping has its own", name))
		}
	}
	if r.only != "" {
		r.Only = strings.Split(r.only, ",")
	}
	r.Options.Sources = map[string]string{}
	for _, s := range r.sources {
		name, dir, ok := strings.Cut(s, "=")
		if !ok || name == "" || dir == "" {
			errs = append(errs, fmt.Errorf("-source must be Name=directory, got %q", s))
		}
		r.Options.Sources[name] = dir
	}
	if !given["rate"] {
		r.Rate = 0 // samples are orders, and the app may want something else
	}
	if given["topic"] {
		r.Target = r.m.Topic
	}
	return errs
}

// finishKafka is about the cluster.
func (r *raw) finishKafka(given map[string]bool) (errs []error) {
	if r.brokers == "" {
		for _, name := range []string{"create", "tls", "tls-ca", "tls-server-name", "tls-cert", "tls-key", "sasl", "username", "password-file"} {
			if given[name] {
				errs = append(errs, fmt.Errorf("-%s needs -brokers: the loop's own broker lets everyone in, in plain text", name))
			}
		}
		return errs
	}
	if given["port"] {
		errs = append(errs, errors.New("-port is that of the loop's own broker, which is not started with -brokers"))
	}
	r.kafka.Brokers = strings.Split(r.brokers, ",")
	r.kafka.Password = os.Getenv(connect.PasswordEnv)
	if r.secretFile != "" {
		text, err := os.ReadFile(r.secretFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("-password-file: %w", err))
		}
		r.kafka.Password = strings.TrimRight(string(text), "\r\n")
	}
	if err := r.kafka.Check(); err != nil {
		errs = append(errs, err)
	}
	if !given["rate"] {
		r.Rate = 0 // nobody wants samples among their records unless they say so
	}
	if slices.Contains(r.kafka.Brokers, "") && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("-brokers must be host:port, several with a comma, got %q", r.brokers))
	}
	r.Kafka = &r.kafka
	return errs
}
