package alert

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"berth/core"
)

// object is JSON.
type object map[string]any

// The most that the receivers take of a text, in bytes.
const (
	mostSlack    = 39_000
	mostDingTalk = 18_000
	mostWeCom    = 2_048
	mostFeishu   = 28_000
)

// slackText keeps a text from being read as a mention or a link.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// feishuText keeps a text from being read as a mention.
var feishuText = strings.NewReplacer("<", "‹", ">", "›")

// payload is what is posted to a channel.
func payload(c core.AlertChannel, t core.AlertTarget, m message, now time.Time) ([]byte, error) {
	switch c.Kind {
	case core.ChannelSlack:
		return json.Marshal(object{"text": clip(slackText.Replace(m.text), mostSlack)})
	case core.ChannelDingTalk:
		return json.Marshal(object{"msgtype": "text", "text": object{"content": clip(m.text, mostDingTalk)}})
	case core.ChannelWeCom:
		return json.Marshal(object{"msgtype": "text", "text": object{"content": clip(m.text, mostWeCom)}})
	case core.ChannelFeishu:
		body := object{"msg_type": "text", "content": object{"text": clip(feishuText.Replace(m.text), mostFeishu)}}
		if t.Secret != "" {
			seconds := strconv.FormatInt(now.Unix(), 10)
			body["timestamp"], body["sign"] = seconds, mac(seconds+"\n"+t.Secret, "")
		}
		return json.Marshal(body)
	}
	return json.Marshal(m.data)
}

// address is where it is posted to: a robot of DingTalk is signed in it.
func address(c core.AlertChannel, t core.AlertTarget, now time.Time) string {
	u, err := url.Parse(t.URL)
	if err != nil || c.Kind != core.ChannelDingTalk || t.Secret == "" {
		return t.URL
	}
	millis := strconv.FormatInt(now.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", millis)
	q.Set("sign", mac(t.Secret, millis+"\n"+t.Secret))
	u.RawQuery = q.Encode()
	return u.String()
}

// The headers of a webhook: when it was sent, in seconds, and "sha256=" with the HMAC of that, a full stop and the body.
const (
	timestampHeader = "Berth-Timestamp"
	signatureHeader = "Berth-Signature"
)

func sign(header http.Header, secret string, body []byte, now time.Time) {
	seconds := strconv.FormatInt(now.Unix(), 10)
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(seconds + "."))
	h.Write(body)
	header.Set(timestampHeader, seconds)
	header.Set(signatureHeader, "sha256="+hex.EncodeToString(h.Sum(nil)))
}

func mac(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// refusal is what a robot says in an answer whose status is 200.
func refusal(kind core.ChannelKind, reply []byte) error {
	var said struct {
		ErrCode int    `json:"errcode"` // DingTalk and WeCom
		ErrMsg  string `json:"errmsg"`
		Code    int    `json:"code"` // Feishu
		Msg     string `json:"msg"`
	}
	if kind != core.ChannelDingTalk && kind != core.ChannelWeCom && kind != core.ChannelFeishu {
		return nil
	}
	if err := json.Unmarshal(reply, &said); err != nil {
		return unreachable(err, "error.channel_no_robot")
	}
	code, words := said.ErrCode, said.ErrMsg
	if kind == core.ChannelFeishu {
		code, words = said.Code, said.Msg
	}
	if code == 0 {
		return nil
	}
	return unreachable(nil, "error.channel_said", "said", strconv.Itoa(code)+" "+clip(printable(words), 200))
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
