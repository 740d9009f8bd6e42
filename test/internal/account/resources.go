package account

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func mustRead(text string, to any) {
	if err := json.Unmarshal([]byte(text), to); err != nil {
		panic(err) // it was written here
	}
}

func (a *Account) keep(typ, id string, p Properties) {
	if a.Resources[typ] == nil {
		a.Resources[typ] = map[string]Properties{}
	}
	a.Resources[typ][id] = p
}

// store keeps a resource where a look-up finds it, as the service would show it.
func (a *Account) store(typ, id string, p Properties) {
	switch typ {
	case "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress":
		// EC2 shows a rule with its group.
		property := strings.TrimPrefix(typ, "AWS::EC2::")
		rule := Properties{"rule": id}
		for key, value := range p {
			if key != "GroupId" {
				rule[key] = value
			}
		}
		a.unstore(typ, id)
		if group := a.Resources["AWS::EC2::SecurityGroup"][fmt.Sprint(p["GroupId"])]; group != nil {
			rules, _ := group[property].([]any)
			group[property] = append(rules, any(rule))
		}
	case "AWS::EC2::SecurityGroup":
		p["Id"], p["GroupId"] = id, id
	case "AWS::EC2::VPCEndpoint", "AWS::Lambda::EventSourceMapping":
		p["Id"] = id
	}
	a.keep(typ, id, p)
}

func (a *Account) unstore(typ, id string) {
	if property, ok := map[string]string{"AWS::EC2::SecurityGroupIngress": "SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress": "SecurityGroupEgress"}[typ]; ok {
		for _, group := range a.Resources["AWS::EC2::SecurityGroup"] {
			rules, _ := group[property].([]any)
			group[property] = slices.DeleteFunc(rules, func(r any) bool {
				rule, _ := r.(Properties)
				return rule["rule"] == id
			})
			if rules == nil {
				delete(group, property)
			}
		}
	}
	delete(a.Resources[typ], id)
}

// refuses is what a service would refuse of a resource, in the words that are
// known of it.
func (a *Account) refuses(typ, id string, p Properties) string {
	others := func(typ string, same ...string) string {
		for other, q := range a.Resources[typ] {
			if other != id && !slices.ContainsFunc(same, func(key string) bool { return text(q[key]) != text(p[key]) }) {
				return other
			}
		}
		return ""
	}
	switch typ {
	case "AWS::EC2::VPCEndpoint":
		if other := others(typ, "VpcId", "ServiceName", "PrivateDnsEnabled"); other != "" && p["PrivateDnsEnabled"] == true {
			return fmt.Sprintf("private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s (Service: Ec2, Status Code: 400)", p["ServiceName"], p["VpcId"])
		}
	case "AWS::EC2::SecurityGroupIngress":
		if others(typ, "GroupId", "SourceSecurityGroupId", "CidrIp", "IpProtocol", "FromPort", "ToPort") != "" {
			return "the specified rule already exists (Service: Ec2, Status Code: 400, InvalidPermission.Duplicate)"
		}
	case "AWS::EC2::SecurityGroupEgress":
		if others(typ, "GroupId", "DestinationSecurityGroupId", "CidrIp", "IpProtocol", "FromPort", "ToPort") != "" {
			return "the specified rule already exists (Service: Ec2, Status Code: 400, InvalidPermission.Duplicate)"
		}
	case "AWS::Lambda::EventSourceMapping":
		if other := others(typ, "EventSourceArn", "FunctionName", "Topics"); other != "" {
			return fmt.Sprintf("An event source mapping with event source arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s (Service: Lambda, Status Code: 409)",
				p["EventSourceArn"], p["FunctionName"], other)
		}
	}
	return ""
}

// resolve works intrinsic functions out, for the resources that are there.
func (a *Account) resolve(s *Stack, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, each := range v {
			out[i] = a.resolve(s, each)
		}
		return out
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if value, ok := a.call(s, name, argument); ok {
					return value
				}
			}
		}
		out := Properties{}
		for key, each := range v {
			out[key] = a.resolve(s, each)
		}
		return out
	}
	return v
}

func (a *Account) call(s *Stack, name string, argument any) (any, bool) {
	list, _ := a.resolve(s, argument).([]any)
	switch name {
	case "Ref":
		switch ref := fmt.Sprint(argument); ref {
		case "AWS::AccountId":
			return a.ID, true
		case "AWS::Region":
			return a.Region, true
		case "AWS::Partition":
			return "aws", true
		case "AWS::StackName":
			return s.Name, true
		case "AWS::StackId":
			return s.ID, true
		case "AWS::URLSuffix":
			return "amazonaws.com", true
		default:
			if r := s.Resources[ref]; r != nil {
				return r.Physical, true
			}
			return ref, true
		}
	case "Fn::GetAtt":
		at, _ := argument.([]any)
		if len(at) != 2 {
			return nil, false
		}
		r := s.Resources[fmt.Sprint(at[0])]
		if r == nil {
			return fmt.Sprint(at...), true
		}
		switch attribute := fmt.Sprint(at[1]); attribute {
		case "GroupId", "Id":
			return r.Physical, true
		case "Arn":
			switch r.Type {
			case "AWS::IAM::Role":
				return "arn:aws:iam::" + a.ID + ":role/" + r.Physical, true
			case "AWS::Lambda::Function":
				return "arn:aws:lambda:" + a.Region + ":" + a.ID + ":function:" + r.Physical, true
			}
			service := strings.ToLower(strings.Split(r.Type, "::")[1])
			return "arn:aws:" + service + ":" + a.Region + ":" + a.ID + ":" + r.Physical, true
		default:
			return r.Physical + "." + attribute, true
		}
	case "Fn::Join":
		if len(list) != 2 {
			return nil, false
		}
		parts, _ := list[1].([]any)
		var out []string
		for _, part := range parts {
			out = append(out, fmt.Sprint(part))
		}
		return strings.Join(out, fmt.Sprint(list[0])), true
	case "Fn::Sub":
		out, _ := argument.(string)
		return strings.NewReplacer("${AWS::AccountId}", a.ID, "${AWS::Region}", a.Region, "${AWS::Partition}", "aws").Replace(out), out != ""
	}
	return nil, false
}
