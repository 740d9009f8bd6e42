package doctor

import (
	"encoding/json"
	"fmt"
	"strings"

	"msklambda/constructs/policy"
)

// trust judges the trust policy of the role, which has no resources.
func (d *diagnosis) trust() {
	f := d.facts
	h := d.hop("role", "Lambda as the role "+nameOf(d.role()))
	switch {
	case !f.Trust.Known:
		h.unknown(because("whom the role trusts", f.Trust.Why))
		return
	case f.Trust.Value == nil:
		h.blocked(RoleGone, "there is no role "+d.role()).cure(
			Cure{Key: "roleArn", Prop: "Role", Text: "of one that is there; or deploy again, for one of the stack's own"},
			Cure{Command: "aws lambda update-function-configuration --function-name " + functionName(f.Mapping.Function) + " --role <ARN of a role>"})
		return
	}
	call := policy.Call{Action: "sts:AssumeRole", Service: "lambda.amazonaws.com", Resource: "*"}
	verdict := call.Judge(withResources(*f.Trust.Value))
	switch verdict.Outcome {
	case policy.Allowed:
	case policy.Unsure:
		h.unknown("the trust policy: " + verdict.Why)
	default:
		h.blocked(Trust, "the role's trust policy does not let Lambda assume it: "+verdict.Why).cure(
			Cure{Key: "roleArn", Prop: "Role", Text: "left out: a role that the stack makes trusts Lambda"},
			Cure{Command: "aws iam update-assume-role-policy --role-name " + nameOf(d.role()) + " --policy-document file://trust.json",
				Text: `trust.json is the policy of now with the statement {"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`})
	}
}

// withResources is a trust policy as a policy of resources is written.
func withResources(text string) any {
	var document struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(text), &document) != nil {
		return text
	}
	var statements []map[string]any
	if json.Unmarshal(document.Statement, &statements) != nil {
		var one map[string]any
		if json.Unmarshal(document.Statement, &one) != nil {
			return text
		}
		statements = []map[string]any{one}
	}
	for _, s := range statements {
		s["Resource"] = "*"
	}
	list := []any{}
	for _, s := range statements {
		list = append(list, s)
	}
	return map[string]any{"Statement": list}
}

// keys judges the customer managed keys of the secret and of the destination.
func (d *diagnosis) keys(h *Hop) {
	for _, arn := range sortedKeys(d.facts.Keys) {
		fact := d.facts.Keys[arn]
		switch k := fact.Value; {
		case !fact.Known:
			h.unknown(because("the key "+arn, fact.Why))
		case k == nil:
			h.blocked(KeyState, "there is no key "+arn).cure(Cure{Text: "what it encrypted cannot be read any more: make the secret or the destination anew"})
		case k.State != "Enabled":
			h.blocked(KeyState, "the key "+arn+" is "+k.State).cure(
				Cure{Command: "aws kms enable-key --key-id " + arn, Text: "where it is pending deletion, aws kms cancel-key-deletion comes first"})
		case k.Policy == "":
			h.unknown("the policy of the key " + arn + " is not known")
		default:
			d.keyPolicy(h, arn, k.Policy)
		}
	}
}

// keyPolicy: a key's own policy must let the account, whose role's policy then
// decides, or the role.
func (d *diagnosis) keyPolicy(h *Hop, arn, text string) {
	action := "kms:Decrypt"
	if s := d.facts.Secret.Value; s == nil || s.Key != arn {
		action = "kms:GenerateDataKey"
	}
	call := policy.Call{Action: action, Account: d.facts.Account, Role: d.role(), Resource: "*"}
	if verdict := call.Judge(text); verdict.Outcome == policy.Unsure {
		h.unknown("the policy of the key " + arn + ": " + verdict.Why)
	} else if verdict.Outcome != policy.Allowed {
		h.blocked(KeyPolicy, "the policy of the key "+arn+" lets the role in neither by itself nor by its account, unless a grant does: "+verdict.Why).cure(
			Cure{Command: "aws kms put-key-policy --key-id " + arn + " --policy-name default --policy file://policy.json", Text: "policy.json is the policy of now with the statement " + call.Statement()})
	}
}

// secret judges what MSK and the pollers need of a secret. Its value is not read.
func (d *diagnosis) secret() {
	f := d.facts
	if f.Mapping.Secret == "" {
		return
	}
	h := d.hop("secret", "the secret "+f.Mapping.Secret)
	s := f.Secret.Value
	switch {
	case !f.Secret.Known:
		h.unknown(because("the secret", f.Secret.Why))
		return
	case s == nil || s.Deleted:
		h.blocked(SecretGone, "there is no such secret, or it is to be deleted").cure(
			Cure{Command: "aws secretsmanager restore-secret --secret-id " + f.Mapping.Secret}, Cure{Key: "secretArn", Prop: "Authentication.Secret", Text: "of the one that is there"})
		return
	}
	if f.method() != "scram" {
		h.note("the certificate and the key in it are not read")
		return
	}
	if !strings.HasPrefix(s.Name, "AmazonMSK_") {
		h.blocked(SecretName, "MSK takes only secrets whose name begins with AmazonMSK_, and this is "+s.Name).cure(
			Cure{Command: "aws secretsmanager create-secret --name AmazonMSK_" + s.Name + " --kms-key-id <a customer managed key> --secret-string file://credentials.json"})
	}
	if s.Key == "" {
		h.blocked(SecretKey, "it is encrypted with the account's default key, which MSK does not take").cure(
			Cure{Command: "aws secretsmanager update-secret --secret-id " + s.ARN + " --kms-key-id <a customer managed key>"},
			Cure{Key: "secretKeyArn", Prop: "Authentication.Secret, imported with its EncryptionKey", Text: "so that the role may decrypt with it"})
	}
	if !f.Scram.Known {
		h.unknown(because("whether it is associated with the cluster", f.Scram.Why))
	} else if !contains(f.Scram.Value, s.ARN) {
		h.blocked(SecretApart, "it is not associated with the cluster, whose brokers do not know its user").cure(
			Cure{Command: "aws kafka batch-associate-scram-secret --cluster-arn " + f.clusterARN() + " --secret-arn-list " + s.ARN})
	}
	h.note("the user and the password in it are not read, nor are Kafka's ACLs")
}

func contains(list []string, text string) bool {
	for _, element := range list {
		if element == text {
			return true
		}
	}
	return false
}

func (d *diagnosis) destination() {
	f := d.facts
	to := f.Mapping.OnFailure
	if to == "" {
		return
	}
	h := d.hop("destination", "the destination of failed batches, "+to)
	if strings.HasPrefix(to, kafkaDestination) {
		if !f.Mapping.Provisioned {
			h.blocked(DestinationGone, "on-demand pollers write no failed batches to a topic").cure(Cure{Key: "pollers=provisioned", Prop: "Pollers"})
		}
		h.note("whether the topic exists is not read")
		return
	}
	switch {
	case !f.Failed.Known:
		h.unknown(because("whether it exists", f.Failed.Why))
	case f.Failed.Value == nil:
		h.blocked(DestinationGone, "it does not exist").cure(
			Cure{Key: "onFailure", Prop: "OnFailure", Text: "of one that does"},
			Cure{Command: "aws lambda update-event-source-mapping --uuid " + f.Mapping.UUID + ` --destination-config '{"OnFailure":{"Destination":"<ARN>"}}'`})
	case f.Failed.Value.FIFO:
		h.blocked(DestinationFIFO, "it is FIFO, which is no destination of failed batches").cure(Cure{Key: "onFailure", Prop: "OnFailure", Text: "a standard queue or topic"})
	}
}

// mostSeconds is how long a function behind a mapping of MSK may take.
const mostSeconds = 14 * 60

func (d *diagnosis) function() {
	f := d.facts
	name := functionName(f.Mapping.Function)
	h := d.hop("function", "the function "+name)
	fn := f.Function.Value
	switch {
	case !f.Function.Known:
		h.unknown(because("the function", f.Function.Why))
		return
	case fn == nil:
		h.blocked(FunctionGone, "there is no such function, alias or version").cure(Cure{Text: "deploy again, if a stack made it"},
			Cure{Command: "aws lambda update-event-source-mapping --uuid " + f.Mapping.UUID + " --function-name <one that is there>"})
		return
	}
	if fn.State != "" && fn.State != "Active" && fn.State != "Pending" {
		h.blocked(FunctionState, strings.TrimSuffix("it is "+fn.State+": "+fn.Reason, ": ")).cure(Cure{Command: "aws lambda get-function --function-name " + name})
	}
	if fn.Timeout > mostSeconds {
		h.blocked(FunctionTimeout, fmt.Sprintf("its timeout is %ds, and a mapping of MSK takes 14 minutes at most", fn.Timeout)).cure(
			Cure{Key: "timeout", Prop: "Timeout", Text: "1s to 14m"}, Cure{Command: fmt.Sprintf("aws lambda update-function-configuration --function-name %s --timeout %d", name, mostSeconds)})
	}
	if fn.Concurrency != nil && *fn.Concurrency == 0 {
		h.blocked(FunctionThrottled, "its reserved concurrency is 0, so that it is never invoked").cure(
			Cure{Key: "reservedConcurrency", Prop: "ReservedConcurrency"}, Cure{Command: "aws lambda delete-function-concurrency --function-name " + strings.SplitN(name, ":", 2)[0]})
	}
}
