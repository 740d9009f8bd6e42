package options

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/trouble"
)

// Group is flags that belong together.
type Group struct {
	Name  string
	Flags []string
}

// set is the flags, and in which group each was defined.
type set struct {
	*flag.FlagSet
	groups []Group
}

func (s *set) group(name string) { s.groups = append(s.groups, Group{Name: name}) }

// take gives the flags defined since the last call to the group at hand.
func (s *set) take() {
	known := map[string]bool{}
	for _, g := range s.groups {
		for _, name := range g.Flags {
			known[name] = true
		}
	}
	last := &s.groups[len(s.groups)-1]
	s.VisitAll(func(f *flag.Flag) {
		if !known[f.Name] {
			last.Flags = append(last.Flags, f.Name)
		}
	})
}

func (s *set) duration(to *time.Duration, name string, value time.Duration, usage string) {
	*to = value
	s.Var(duration{to}, name, "`time` "+usage)
}

// raw is what the flags say before it is put together.
type raw struct {
	Options
	m          *mapping.Mapping
	kafka      connect.Kafka
	brokers    string
	secretFile string
	from       string
	env        List
	filters    List
	only       string
	sources    List
}

// define defines every flag.
func define(r *raw) *set {
	r.m = mapping.New("", "")
	s := &set{FlagSet: flag.NewFlagSet("local", flag.ContinueOnError)}
	s.SetOutput(io.Discard) // what is wrong is said once, by whoever asked
	s.Usage = func() {}

	s.group("The function")
	s.StringVar(&r.m.Entry, "entry", DefaultEntry, "`directory` of its Go main package")
	s.duration(&r.m.Timeout, "timeout", r.m.Timeout, "that an invocation may take")
	s.IntVar(&r.m.Memory, "memory", r.m.Memory, "its memory in `MB`")
	s.Var(&r.env, "env", "a variable, `NAME=value`; several are possible")
	s.BoolVar(&r.Watch, "watch", false, "build and start it anew when its source changes; brokers, topics and offsets stay")
	s.BoolVar(&r.Debug, "debug", false, "build it with debug information, run it under dlv, and let it take its time")
	s.IntVar(&r.DebugPort, "debug-port", 2345, "`port` that dlv listens on; further functions get the next ones")
	s.take()

	s.group("The topic")
	s.StringVar(&r.m.Topic, "topic", "orders", "`name` of the topic to read; with -app, of that which records are written to")
	s.StringVar(&r.m.Group, "group", "", "`name` of the consumer group (default <topic>-fn, with -brokers <topic>-local)")
	s.IntVar(&r.m.Partitions, "partitions", r.m.Partitions, "`number` of partitions of a topic that is made")
	s.Var(topics{&r.Topics, DefaultPartitions}, "topics", "more topics to make, such as those that the function writes to: `enriched,refunds:8`")
	s.IntVar(&r.Port, "port", 9092, "`port` of the broker that is started; 0 for any that is free")
	s.take()

	s.group("A Kafka that runs already")
	s.StringVar(&r.brokers, "brokers", "", "`host:port` of brokers, with a comma, in place of a broker of the loop's own")
	s.BoolVar(&r.Create, "create", false, "make the topics there that are not there")
	s.BoolVar(&r.kafka.TLS, "tls", false, "connect by TLS")
	s.StringVar(&r.kafka.CA, "tls-ca", "", "`file` of the certificates to trust, in PEM (default: those of the system)")
	s.StringVar(&r.kafka.ServerName, "tls-server-name", "", "`name` that the brokers' certificate has, if not that of -brokers")
	s.StringVar(&r.kafka.CertFile, "tls-cert", "", "`file` of a certificate of yours, in PEM, for mutual TLS")
	s.StringVar(&r.kafka.KeyFile, "tls-key", "", "`file` of its key")
	s.StringVar(&r.kafka.SASL, "sasl", "", "`mechanism` to say who you are by: "+strings.Join(connect.Mechanisms, ", "))
	s.StringVar(&r.kafka.Username, "username", "", "`user` of -sasl; the password is in -password-file or "+connect.PasswordEnv)
	s.StringVar(&r.secretFile, "password-file", "", "`file` that holds the password")
	s.take()

	s.group("An app of several functions")
	s.StringVar(&r.App, "app", "", "`directory` that cdk synth has written, cdk.out: runs its mappings, each as it is set up there")
	s.StringVar(&r.only, "only", "", "`names` of its consumers to run, with a comma (default: all that are enabled)")
	s.Var(&r.sources, "source", "where the function of a consumer is, `Name=directory`, if the app does not tell; several are possible")
	s.take()

	s.group("The mapping")
	s.IntVar(&r.m.Pollers, "pollers", 0, "`number` of provisioned pollers, each with a process of the function; 0 for on-demand mode, which has one here")
	s.IntVar(&r.m.BatchSize, "batch-size", r.m.BatchSize, "most `records` of an event")
	s.duration(&r.m.Window, "batch-window", 500*time.Millisecond, "that a batch may take to fill")
	s.StringVar(&r.from, "from", "", "where a new group begins: TRIM_HORIZON, LATEST or a `time` (default TRIM_HORIZON)")
	s.Var(&r.filters, "filter", `a `+"`pattern`"+` of records to take, such as {"value":{"state":["paid"]}}; several are possible`)
	s.StringVar(&r.m.OnFailure, "on-failure", "", "destination of what is given up on: a `file` for lines of JSON, or kafka://topic")
	s.BoolVar(&r.m.ReportBatchItemFailures, "partial", false, "retry just the records that failed (ReportBatchItemFailures)")
	s.BoolVar(&r.m.BisectOnError, "bisect", false, "halve a batch that failed")
	s.IntVar(&r.m.RetryAttempts, "retries", -1, "`times` that a failed batch is tried again; -1 for ever")
	s.duration(&r.m.MaxRecordAge, "max-age", 0, "that a record may be old and still be tried (default: any age)")
	s.take()

	s.group("The records")
	s.Float64Var(&r.Rate, "rate", 10, "sample `records` a second; 0 for none (default with -brokers: 0)")
	s.StringVar(&r.Records, "records", "", "`file` of records to write, a JSON object in each line, or - for the standard input; the loop ends when all are handled")
	s.StringVar(&r.KeySchema, "key-schema", "", "`file` of the Avro schema that keys are written by; \",id=7\" behind it frames them as a registry's clients do")
	s.StringVar(&r.ValueSchema, "value-schema", "", "`file` of that of values")
	s.StringVar(&r.Event, "event", "", "replay one recorded event from a `file`, without a broker, and end")
	s.take()

	s.group("A function that fails as records ask for it")
	s.Var(&r.Fail, "fail", "run "+FaultyEntry+" as the function, and make it fail at every 50th record: "+
		"`every=N`, error, panic, timeout, crash, memory, poison or slow, or two with a comma: panic,every=20")
	s.take()

	s.group("Faults of your function, each at a record such as orders[0]@7")
	for _, k := range trouble.Kinds {
		s.Func(string(k.Kind)+"-at", k.Text, func(text string) error {
			spec, err := trouble.Parse(k.Kind, text)
			r.Trouble = append(r.Trouble, spec)
			return err
		})
	}
	s.take()

	s.group("What is seen, and the end")
	s.BoolVar(&r.Logs, "logs", true, "show what the function logs")
	s.IntVar(&r.Invoke, "invoke", -1, "`port` to serve Lambda's Invoke on, for mskadmin redrive -endpoint; 0 for any that is free (default: not served)")
	s.BoolVar(&r.Raw, "raw", false, "show it as it is, and not as time, level, record and message")
	s.StringVar(&r.UI, "ui", "", "`port` of a page on 127.0.0.1 with topics, records, lag, batches and failures; 0 for any that is free")
	s.duration(&r.Duration, "duration", 0, "after which to stop, when all is handled (default: at ctrl-C)")
	s.take()
	return s
}

// Groups are all flags, in their groups, with what each says of itself.
func Groups() ([]Group, *flag.FlagSet) {
	s := define(&raw{})
	return s.groups, s.FlagSet
}

func usage(s *set, out io.Writer) {
	fmt.Fprintln(out, "Runs a function on the records of a topic, on this machine. docs/local.md tells more.")
	for _, g := range s.groups {
		fmt.Fprintf(out, "\n%s:\n", g.Name)
		for _, name := range g.Flags {
			f := s.Lookup(name)
			value, text := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && !strings.Contains(text, "(default") {
				text += " (default " + f.DefValue + ")"
			}
			fmt.Fprintf(out, "  %-28s %s\n", strings.TrimSpace("-"+name+" "+value), text)
		}
	}
}
