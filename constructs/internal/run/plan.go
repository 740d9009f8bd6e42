package run

import (
	"fmt"
	"io"
	"os"
	"strings"

	"msklambda/constructs/plan"
)

// planVariable asks for the plan to be printed: "true" for what the stacks are, or an
// earlier assembly or template for what a deploy makes of it.
const planVariable = "MSKLAMBDA_PLAN"

// writePlans puts beside each template of an assembly what it means in words, and
// prints it where that was asked for. The CLI reads only what manifest.json names.
func writePlans(dir string, print io.Writer) error {
	templates, err := plan.Load(dir)
	if err != nil {
		return err
	}
	pending := false
	for _, t := range templates {
		if !plan.IsOf(t) {
			continue
		}
		report := plan.Describe(t)
		pending = pending || report.Pending != ""
		var out strings.Builder
		if err := plan.Write(&out, plan.Text, []*plan.Report{report}); err != nil {
			return err
		}
		if err := os.WriteFile(strings.TrimSuffix(t.File, ".template.json")+planSuffix, []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	asked := os.Getenv(planVariable)
	if pending || asked == "" || asked == "false" {
		return nil // a run that only asks is not the last
	}
	reports := plan.DescribeAll(templates)
	if asked != "true" {
		before, err := plan.Load(asked)
		if err == nil {
			reports, err = plan.CompareAll(before, templates)
		}
		if err != nil {
			return fmt.Errorf(`%s must be "true", "false" or what to compare with: %w`, planVariable, err)
		}
	}
	return plan.Write(print, plan.Text, reports)
}

const planSuffix = ".plan.txt"
