package network

import (
	"encoding/json"
	"net/netip"
	"testing"
)

func TestWhatRulesCover(t *testing.T) {
	const all = `{"IpProtocol":"-1","CidrIp":"0.0.0.0/0","FromPort":-1,"ToPort":-1}`
	tests := map[string]struct {
		rules string
		want  bool
	}{
		"none":                         {``, false},
		"everything":                   {all, true},
		"everything without ports":     {`{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}`, true},
		"IPv6 only":                    {`{"IpProtocol":"-1","CidrIpv6":"::/0"}`, false},
		"the group, exactly":           {`{"IpProtocol":"tcp","FromPort":9098,"ToPort":9098,"SourceSecurityGroupId":"sg-a"}`, true},
		"the group, by number":         {`{"IpProtocol":"6","FromPort":9098,"ToPort":9098,"DestinationSecurityGroupId":"sg-a"}`, true},
		"the group, all traffic":       {`{"IpProtocol":"-1","SourceSecurityGroupId":"sg-a"}`, true},
		"a range of ports":             {`{"IpProtocol":"TCP","FromPort":9092,"ToPort":9198,"SourceSecurityGroupId":"sg-a"}`, true},
		"below":                        {`{"IpProtocol":"tcp","FromPort":9092,"ToPort":9097,"SourceSecurityGroupId":"sg-a"}`, false},
		"TCP without ports":            {`{"IpProtocol":"tcp","SourceSecurityGroupId":"sg-a"}`, false},
		"UDP":                          {`{"IpProtocol":"udp","FromPort":9098,"ToPort":9098,"SourceSecurityGroupId":"sg-a"}`, false},
		"another group":                {`{"IpProtocol":"-1","SourceSecurityGroupId":"sg-b"}`, false},
		"a prefix list":                {`{"IpProtocol":"-1","SourcePrefixListId":"pl-1"}`, false},
		"the VPC":                      {`{"IpProtocol":"tcp","FromPort":9098,"ToPort":9098,"CidrIp":"10.0.0.0/16"}`, true},
		"one subnet of two":            {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/24"}`, false},
		"two subnets, one by one":      {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/24"},{"IpProtocol":"-1","CidrIp":"10.0.1.0/24"}`, true},
		"a part of each":               {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/25"},{"IpProtocol":"-1","CidrIp":"10.0.1.0/25"}`, false},
		"another port, then all of it": {`{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"10.0.0.0/8"},` + all, true},
	}
	ranges := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("10.0.1.0/24")}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var told []struct {
				IpProtocol, CidrIp, SourceSecurityGroupId, DestinationSecurityGroupId string
				FromPort, ToPort                                                      *int
			}
			if err := json.Unmarshal([]byte("["+tt.rules+"]"), &told); err != nil {
				t.Fatal(err)
			}
			var rules []Rule
			for _, r := range told {
				rule := Rule{Protocol: r.IpProtocol, From: -1, To: -1, Range: r.CidrIp, Group: r.SourceSecurityGroupId + r.DestinationSecurityGroupId}
				if r.FromPort != nil && r.ToPort != nil {
					rule.From, rule.To = *r.FromPort, *r.ToPort
				}
				rules = append(rules, rule)
			}
			want := No
			if tt.want {
				want = Yes
			}
			if got := covers(rules, 9098, []ID{Known("sg-a")}, ranges); got != want {
				t.Errorf("covers = %v, want %v", got, want)
			}
		})
	}
	if got := covers(nil, 9098, nil, nil); got != No {
		t.Errorf("without rules and ranges covers = %v, want no", got)
	}
	byGroup := []Rule{{Protocol: "-1", Group: "sg-b"}}
	if got := covers(byGroup, 9098, []ID{Opaque("${Token[G.1]}")}, nil); got != Maybe {
		t.Errorf("for a token covers = %v, want maybe", got)
	}
	if got := covers(byGroup, 9098, []ID{Opaque("${Token[G.1]}"), Known("sg-b")}, nil); got != Yes {
		t.Errorf("for a token and the group covers = %v, want yes", got)
	}
}
