package plan

import (
	"fmt"
	"strings"
	"testing"
)

// theEndpoint is one for Lambda, with a policy that lets everybody through.
func theEndpoint(properties string) string {
	return `"E":{"Type":"AWS::EC2::VPCEndpoint","Properties":{"ServiceName":"com.amazonaws.us-east-1.lambda","VpcId":"vpc-1","Tags":[{"Key":"msklambda:stack","Value":"x"}],` +
		`"PolicyDocument":{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"}]},` + properties + `}}`
}

const (
	itsDNS    = `"PrivateDnsEnabled":true,`
	itsGroup  = `"SecurityGroupIds":[{"Fn::GetAtt":["G","GroupId"]}],`
	toPollers = `"G":{"Type":"AWS::EC2::SecurityGroup","Properties":{"GroupDescription":"x","VpcId":"vpc-1","SecurityGroupIngress":[{"SourceSecurityGroupId":"sg-1","IpProtocol":"tcp","FromPort":443,"ToPort":443}]}}`
	toTheVPC  = `"G":{"Type":"AWS::EC2::SecurityGroup","Properties":{"GroupDescription":"x","VpcId":"vpc-1","SecurityGroupIngress":[{"CidrIp":"10.0.0.0/16","IpProtocol":"tcp","FromPort":443,"ToPort":443}]}}`
	toNobody  = `"G":{"Type":"AWS::EC2::SecurityGroup","Properties":{"GroupDescription":"x","VpcId":"vpc-1"}}`
	subnets   = `"SubnetIds":["subnet-1","subnet-2"]`
)

func TestWhomAnEndpointCutsOff(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after string
		cutsOff       bool
		want          string
	}{
		"a policy for all behind a group for the pollers": {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + toPollers, true, "every caller in vpc-1 but those of sg-1 loses Lambda"},
		"a group for the VPC":                             {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + toTheVPC, false, "callers in 10.0.0.0/16 reach Lambda through it"},
		"a group that is not told":                        {other, theEndpoint(itsDNS + `"SecurityGroupIds":["sg-9"],` + subnets), false, "a caller that they do not let in loses Lambda, and whom they let in is not told here"},
		"a group that lets nobody in":                     {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + toNobody, true, "every caller in vpc-1 loses Lambda"},
		"a group that lets in on another port":            {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + strings.ReplaceAll(toTheVPC, "443", "22"), true, "every caller in vpc-1 loses Lambda"},
		"a group that lets in from a prefix list":         {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + strings.Replace(toTheVPC, `"CidrIp":"10.0.0.0/16"`, `"SourcePrefixListId":"pl-1"`, 1), false, "callers in pl-1 reach Lambda"},
		"a rule of its own for the VPC":                   {other, theEndpoint(itsDNS+itsGroup+subnets) + "," + toPollers + `,"I":{"Type":"AWS::EC2::SecurityGroupIngress","Properties":{"GroupId":{"Fn::GetAtt":["G","GroupId"]},"CidrIp":"10.0.0.0/16","IpProtocol":"-1"}}`, false, "callers in 10.0.0.0/16, sg-1 reach Lambda through it"},
		"private DNS off":                                 {theEndpoint(itsDNS + subnets), theEndpoint(subnets), true, "whoever in vpc-1 calls Lambda with no NAT gateway and no other endpoint loses it"},
		"private DNS on":                                  {theEndpoint(itsGroup+subnets) + "," + toPollers, theEndpoint(itsDNS+itsGroup+subnets) + "," + toPollers, true, "every caller in vpc-1 but those of sg-1 loses Lambda"},
		"a policy that opens":                             {strings.Replace(theEndpoint(itsDNS+itsGroup+subnets), `{"AWS":"*"}`, `{"Service":"lambda.amazonaws.com"}`, 1) + "," + toTheVPC, theEndpoint(itsDNS+itsGroup+subnets) + "," + toTheVPC, false, "who was shut out gains it back"},
		"fewer subnets":                                   {theEndpoint(itsDNS + subnets), theEndpoint(itsDNS + `"SubnetIds":["subnet-1"]`), false, "connections by subnet-2 break, and its zone reaches Lambda through the others"},
		"other groups":                                    {theEndpoint(itsDNS + `"SecurityGroupIds":["sg-8","sg-9"],` + subnets), theEndpoint(itsDNS + `"SecurityGroupIds":["sg-8"],` + subnets), true, "whom sg-9 alone let in loses Lambda"},
	} {
		var got []string
		found := false
		for _, r := range compareAll(t, []*Template{parsed(t, "Home", tt.before)}, []*Template{parsed(t, "Home", tt.after)}) {
			for _, l := range r.Lines {
				if l.Type == typeEndpoint {
					got = append(got, fmt.Sprintf("%v %v", l.CutsOff, l.Effects))
					found = found || l.CutsOff == tt.cutsOff && strings.Contains(strings.Join(l.Effects, "; "), tt.want)
				}
			}
		}
		if !found {
			t.Errorf("%s: %q, want %v and %q", name, got, tt.cutsOff, tt.want)
		}
	}
}

// A mapping that is retained polls on, beside what took its place.
func TestWhatARetainedMappingDoes(t *testing.T) {
	const polls = "the old mapping stays in the account and goes on polling as group g"
	retained := func(attribute string) string {
		return strings.Replace(ofMSK, `"Type":`, `"`+attribute+`":"Retain","Type":`, 1)
	}
	moved := strings.Replace(strings.Replace(ofMSK, `"M":`, `"N":`, 1), `"f"`, `"h"`, 1)
	for name, tt := range map[string]struct{ before, after string }{
		"replaced":                 {retained("UpdateReplacePolicy"), strings.Replace(retained("UpdateReplacePolicy"), `"EventSourceArn":"arn:aws:kafka:us-east-1:111122223333:cluster/demo/`, `"EventSourceArn":"arn:aws:kafka:us-east-1:111122223333:cluster/next/`, 1)},
		"under another logical id": {retained("DeletionPolicy"), moved},
	} {
		reports := compareAll(t, []*Template{parsed(t, "Home", tt.before)}, []*Template{parsed(t, "Home", tt.after)})
		var all []string
		for _, l := range reports[0].Lines {
			all = append(all, l.Effects...)
		}
		if !strings.Contains(strings.Join(all, "; "), polls) {
			t.Errorf("%s: %q, want %q", name, all, polls)
		}
	}

	group := strings.Replace(toPollers, `"Type":`, `"UpdateReplacePolicy":"Retain","Type":`, 1)
	reports := compareAll(t, []*Template{parsed(t, "Home", ofMSK+","+group)}, []*Template{parsed(t, "Home", ofMSK+","+strings.Replace(group, `"vpc-1"`, `"vpc-2"`, 1))})
	if got := strings.Join(reports[0].Lines[0].Effects, "; "); !strings.Contains(got, "the old one stays in the account, and is nobody's") {
		t.Errorf("a group that is replaced: %q, want that the old one stays", got)
	}
}

// A group's rules change whom an endpoint behind it serves, though the endpoint itself
// does not change.
func TestAGroupThatClosesCutsOffFromTheServicesBehindIt(t *testing.T) {
	endpoint := theEndpoint(itsDNS + itsGroup + subnets)
	reports := compareAll(t, []*Template{parsed(t, "Home", endpoint+","+toTheVPC)}, []*Template{parsed(t, "Home", endpoint+","+toPollers)})
	for _, l := range reports[0].Lines {
		if got := strings.Join(l.Effects, "; "); l.LogicalID != "G" || !l.CutsOff || !strings.Contains(got, "no longer lets TCP 443 in from 10.0.0.0/16, the way to Lambda") {
			t.Errorf("%s: %v %q, want whom it cuts off from what", l.LogicalID, l.CutsOff, got)
		}
	}
}

// What is kept when it is replaced is no property, and said all the same.
func TestAPolicyOfReplacementAloneIsSaid(t *testing.T) {
	kept := strings.Replace(toPollers, `"Type":`, `"UpdateReplacePolicy":"Retain","Type":`, 1)
	reports := compareAll(t, []*Template{parsed(t, "Home", ofMSK+","+toPollers)}, []*Template{parsed(t, "Home", ofMSK+","+kept)})
	if got, want := strings.Join(reports[0].Lines[0].Effects, "; "), "when it is replaced, it stays in the account; before, it is deleted"; got != want {
		t.Errorf("effects = %q, want %q", got, want)
	}
}
