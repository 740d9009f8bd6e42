package account

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

// answerXML answers as query services do: a response with a result of the
// operation's name.
func answerXML(w http.ResponseWriter, status int, operation, result string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<%[1]sResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`, operation, result)
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusBadRequest)
	io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>`+code+`</Code><Message>`+escape(message)+`</Message></Error><RequestId>1</RequestId></ErrorResponse>`)
}

func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // a buffer takes all
	return out.String()
}

func tag(name, text string) string { return "<" + name + ">" + escape(text) + "</" + name + ">" }
