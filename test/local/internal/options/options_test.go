package options

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/test/local/internal/connect"
)

func parse(line string) (*Options, error) { return Parse(strings.Fields(line), io.Discard) }

func TestFlags(t *testing.T) {
	o, err := parse("-topic refunds -pollers 1 -partial -env A1=1 -env B2=2 -topics enriched,dead:2")
	if err != nil {
		t.Fatal(err)
	}
	m := o.Mappings[0]
	if m.Topic != "refunds" || m.Group != "refunds-fn" || !m.ReportBatchItemFailures || fmt.Sprint(m.Env) != "[A1=1 B2=2]" || m.Entry != DefaultEntry || m.RetryAttempts != -1 {
		t.Errorf("mapping = %+v, want refunds, refunds-fn, partial, A1=1 B2=2, %s and -1", m, DefaultEntry)
	}
	if got, want := fmt.Sprint(o.Topics), "[{enriched 4} {dead 2}]"; got != want || o.Kafka != nil || o.Rate != 10 {
		t.Errorf("topics = %s, Kafka %v, rate %v, want %s, none and 10", got, o.Kafka, o.Rate, want)
	}
	for arg, want := range map[string]Failing{
		"every=7":       {"error", 7},
		"panic":         {"panic", 50},
		"crash,every=3": {"crash", 3},
		"every=3,error": {"error", 3},
	} {
		o, err := parse("-fail " + arg)
		if err != nil {
			t.Errorf("-fail %s: %v", arg, err)
			continue
		}
		if o.Fail != want || o.Mappings[0].Entry != FaultyEntry {
			t.Errorf("-fail %s = %+v with %s, want %+v with %s", arg, o.Fail, o.Mappings[0].Entry, want, FaultyEntry)
		}
	}
}

// What is read of somebody's cluster is read as a group of one's own, and nothing is
// written to it unless asked for.
func TestTheFlagsOfAnotherKafka(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parse("-brokers b-1:9096,b-2:9096 -tls -sasl SCRAM-SHA-512 -username reader -password-file " + file)
	if err != nil {
		t.Fatal(err)
	}
	if k := o.Kafka; fmt.Sprint(k.Brokers) != "[b-1:9096 b-2:9096]" || !k.TLS || k.Username != "reader" || k.Password != "secret" {
		t.Errorf("Kafka = %+v, want two brokers, TLS, and reader's password", k)
	}
	if o.Rate != 0 || o.Mappings[0].Group != "orders-local" {
		t.Errorf("rate %v, group %s, want 0 and orders-local", o.Rate, o.Mappings[0].Group)
	}
	if o, err = parse("-brokers b-1:9092 -rate 5 -group mine"); err != nil || o.Rate != 5 || o.Mappings[0].Group != "mine" {
		t.Errorf("rate and group = %v, %v, want what was asked for", o, err)
	}
	t.Setenv(connect.PasswordEnv, "from the variable")
	if o, err = parse("-brokers b-1:9096 -tls -sasl SCRAM-SHA-512 -username reader"); err != nil || o.Kafka.Password != "from the variable" {
		t.Errorf("password = %+v, %v, want that of the variable", o, err)
	}
}

// Each thing that is wrong is a line that names the flag, what is allowed, and what
// was given.
func TestWhatIsWrongWithFlags(t *testing.T) {
	t.Setenv(connect.PasswordEnv, "")
	for line, want := range map[string]string{
		"x":                                     `no arguments are taken beside flags, got ["x"]`,
		"-unknown":                              "flag provided but not defined: -unknown (-help lists the flags)",
		"-duration 5":                           `invalid value "5" for flag -duration: must be a time with its unit, such as 500ms, 5s or 1m`,
		"-fail every=0":                         `invalid value "every=0" for flag -fail: every must be a number from 1 on, got "0"`,
		"-fail often":                           "-fail: must be every=N or one of error, panic",
		"-fail panic -entry lambda":             "-fail runs a function that can fail, test/local/faulty, and not that of -entry",
		"-fail panic -event e.json":             "-fail and -event exclude each other",
		"-partitions 0":                         "-partitions must be 1 to 1000, got 0",
		"-rate -1":                              "-rate must be 0 to 100000, got -1",
		"-port 70000":                           "-port must be 0 to 65535, got 70000",
		"-timeout 15m":                          "-timeout must be 1s to 14m, got 15m0s",
		"-memory 64":                            "-memory must be 128 to 10240 MB, got 64",
		"-env x":                                `-env must be NAME=value, got "x"`,
		"-from yesterday":                       `-from must be TRIM_HORIZON, LATEST or a time such as 2026-11-26T08:00:00Z, got "yesterday"`,
		"-topics a:0":                           `must have 1 to 1000 partitions, got "a:0"`,
		"-topic a/b":                            `-topic must be 1 to 249 letters, digits, '.', '_' or '-', got "a/b"`,
		"-filter x":                             "-filter must be a pattern",
		"-pollers 1 -on-failure kafka://orders": "-on-failure must not be -topic, from which what fails would be read again for ever",
		"-partial":                              "-partial needs -pollers: Lambda has it in provisioned mode only",
		"-bisect":                               "-bisect needs -pollers: Lambda has it in provisioned mode only",
		"-retries 2":                            "-retries needs -pollers: Lambda has it in provisioned mode only",
		"-max-age 1h":                           "-max-age needs -pollers: Lambda has it in provisioned mode only",
		"-on-failure kafka://dead":              "-on-failure kafka:// needs -pollers: Lambda has it in provisioned mode only",
		"-tls":                                  "-tls needs -brokers: the loop's own broker lets everyone in, in plain text",
		"-only Orders":                          "-only needs -app",
		"-source Orders=x":                      "-source needs -app",
		"-app cdk.out -batch-size 5":            "-batch-size must not be given with -app, where each mapping has its own",
		"-app cdk.out -entry lambda":            "-entry must not be given with -app",
		"-app cdk.out -source Orders":           `-source must be Name=directory, got "Orders"`,
		"-debug -debug-port 0":                  "-debug-port must be 1 to 65000, got 0",
		"-debug-port 9":                         "-debug-port needs -debug",
		"-watch -event e.json":                  "-watch and -event exclude each other",
		"-value-schema x":                       "-key-schema and -value-schema need -records",
		"-records x -event e.json":              "-records and -event exclude each other",
		"-crash-at 7":                           `invalid value "7" for flag -crash-at: must be a record such as orders[0]@7`,
		"-crash-at orders[0]@7 -event e.json":   "-event has no records of a topic for -crash-at",
		"-ui x":                                 `-ui must be a port, 0 to 65535, got "x"`,
		"-ui 0 -event e.json":                   "-ui and -event exclude each other",
		"-create":                               "-create needs -brokers",
		"-brokers b:9092 -port 9":               "-port is that of the loop's own broker, which is not started with -brokers",
		"-brokers b":                            `-brokers must be host:port, several with a comma, got "b"`,
		"-brokers b:1 -tls-ca x":                `-tls-ca needs -tls, got "x"`,
		"-brokers b:1 -tls -tls-cert x":         `-tls-cert and -tls-key need each other, got "x" and ""`,
		"-brokers b:1 -username u":              "-username needs -sasl, one of SCRAM-SHA-512",
		"-brokers b:1 -sasl MAGIC":              `-sasl must be one of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, AWS_MSK_IAM, got "MAGIC"`,
		"-brokers b:1 -sasl PLAIN":              "-sasl PLAIN needs -username",
		"-brokers b:1 -sasl PLAIN -username u":  "-sasl PLAIN needs a password: in the file of -password-file, or in the variable KAFKA_PASSWORD",
		"-brokers b:1 -sasl AWS_MSK_IAM":        "-sasl AWS_MSK_IAM needs -tls",
		"-brokers b:1 -tls -sasl AWS_MSK_IAM -username u": "-username must not be given with -sasl AWS_MSK_IAM",
		"-brokers b:1 -password-file none":                "-password-file: open none: no such file",
	} {
		_, err := parse(line)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s = %v\nwant one line with %s", line, err, want)
		}
	}
	if _, err := parse("-memory 1 -rate -1 -partial"); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes = %v, want three lines", err)
	}
}

func TestHelpHasEveryFlagOnce(t *testing.T) {
	var out strings.Builder
	if _, err := Parse([]string{"-help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help = %v, want %v", err, flag.ErrHelp)
	}
	groups, all := Groups()
	n := 0
	for _, g := range groups {
		n += len(g.Flags)
		if !strings.Contains(out.String(), "\n"+g.Name+":\n") {
			t.Errorf("help has no group %q:\n%s", g.Name, out.String())
		}
	}
	all.VisitAll(func(f *flag.Flag) {
		n--
		if c := strings.Count(out.String(), "\n  -"+f.Name+" "); c != 1 {
			t.Errorf("help has -%s %d times, want once", f.Name, c)
		}
	})
	if n != 0 {
		t.Errorf("flags in groups = %d more than there are", n)
	}
}
