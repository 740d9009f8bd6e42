// Package contract is how the admin construct, the admin function and its client
// understand each other: the names of environment variables and of an output.
package contract

// The environment variables of the function. Lists are separated by commas, which no
// name of a topic, a group or a broker has.
const (
	Right          = "MSKLAMBDA_ADMIN_RIGHT"  // read, produce or manage
	Topics         = "MSKLAMBDA_ADMIN_TOPICS" // names, in which '*' is any text
	Groups         = "MSKLAMBDA_ADMIN_GROUPS"
	Cluster        = "MSKLAMBDA_ADMIN_CLUSTER"        // ARN
	Authentication = "MSKLAMBDA_ADMIN_AUTHENTICATION" // iam, scram, mtls, tls or plaintext
	Secret         = "MSKLAMBDA_ADMIN_SECRET"         // ARN, with scram and mtls

	// Brokers are host:port of some. Without, the client tells them with each
	// question, and the function takes none that is not of MSK.
	Brokers = "MSKLAMBDA_ADMIN_BROKERS"
)

// Output is the beginning of the description of the stack's output that has the name
// of the function: by it the client finds the function, whatever the output is called.
const Output = "msklambda: admin function of "

// RedriveGroup is the group in which a redrive from a topic keeps how far it has got,
// one for each consumer group.
func RedriveGroup(group string) string { return group + ".redrive" }
