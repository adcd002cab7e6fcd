package docker

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// ruleMark stands on every rule. Raise its number with every change of the rules, so that those of an older Berth
// are replaced.
const ruleMark = "berth rules 2"

const (
	tableName    = "berth"
	siblingsName = "siblings"
	gatewaysName = "gateways"
)

var (
	// engineBridges begin the names of other networks of the engine.
	engineBridges = []string{bridgePrefix, "docker", "br-"}

	// forbidden are destinations that are never a service on the network: this network, link-local (where clouds
	// keep a machine's credentials, two of them elsewhere), multicast and reserved addresses.
	forbidden = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("100.100.100.200/32"),
		netip.MustParsePrefix("224.0.0.0/3"),
	}
)

// ruleset is the table as it is to be.
type ruleset struct {
	table *nftables.Table

	// siblings holds (bridge, bridge) of every tenant: rules cannot compare two interfaces of a packet otherwise.
	siblings *nftables.Set
	// gateways holds (address, port) of every gateway of this host that listens for everybody.
	gateways *nftables.Set
	chains   []chain
}

type chain struct {
	*nftables.Chain
	rules [][]expr.Any
}

func newRuleset() *ruleset {
	t := &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}
	return &ruleset{
		table: t,
		siblings: &nftables.Set{Table: t, Name: siblingsName, Concatenation: true,
			KeyType: nftables.MustConcatSetType(nftables.TypeIFName, nftables.TypeIFName)},
		gateways: &nftables.Set{Table: t, Name: gatewaysName, Concatenation: true,
			KeyType: nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeInetService)},
		chains: []chain{
			newChain(t, "input", nftables.ChainHookInput, inputRules()),
			newChain(t, "forward", nftables.ChainHookForward, forwardRules()),
		},
	}
}

// newChain hooks rules in ahead of the engine's own.
func newChain(t *nftables.Table, name string, hook *nftables.ChainHook, rules [][]expr.Any) chain {
	policy := nftables.ChainPolicyAccept
	return chain{&nftables.Chain{Name: name, Table: t, Type: nftables.ChainTypeFilter, Hooknum: hook,
		Priority: nftables.ChainPriorityRef(*nftables.ChainPriorityFilter - 10), Policy: &policy}, rules}
}

func inputRules() [][]expr.Any {
	from := name(expr.MetaKeyIIFNAME, bridgePrefix)
	return [][]expr.Any{
		rule(from, answers(), accept),
		rule(from, protocol(unix.NFPROTO_IPV4), toGateway(), accept),
		rule(from, drop),
	}
}

func forwardRules() [][]expr.Any {
	from := name(expr.MetaKeyIIFNAME, bridgePrefix)
	rules := [][]expr.Any{
		rule(from, answers(), accept),
		rule(from, sameBridge(), accept),
		rule(from, protocol(unix.NFPROTO_IPV6), drop), // tenants' networks have none
		rule(from, published(expr.CmpOpNeq), drop),
	}
	for _, prefix := range engineBridges {
		rules = append(rules, rule(from, name(expr.MetaKeyOIFNAME, prefix), drop))
	}
	for _, p := range forbidden {
		rules = append(rules, rule(from, protocol(unix.NFPROTO_IPV4), destination(p), drop))
	}
	into := name(expr.MetaKeyOIFNAME, bridgePrefix)
	return append(rules, rule(into, answers(), accept), rule(into, published(expr.CmpOpEq), drop))
}

var (
	accept = []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}
	drop   = []expr.Any{&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop}}
)

func rule(parts ...[]expr.Any) []expr.Any {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// name matches the beginning of an interface's name.
func name(key expr.MetaKey, prefix string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte(prefix)}}
}

// sameBridge matches what leaves by the bridge on which it came.
func sameBridge() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, &expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 2},
		&expr.Lookup{SourceRegister: 1, SetName: siblingsName},
	}
}

// answers matches packets of connections that somebody else has opened, or that were allowed before.
func answers() []expr.Any {
	return conntrack(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED, expr.CmpOpNeq)
}

// published matches connections to a published port, whose destination the engine has rewritten; with CmpOpEq all
// others.
func published(op expr.CmpOp) []expr.Any {
	const destinationRewritten = 1 << 5 // IPS_DST_NAT
	return conntrack(expr.CtKeySTATUS, destinationRewritten, op)
}

func conntrack(key expr.CtKey, bits uint32, op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits),
			Xor: binaryutil.NativeEndian.PutUint32(0)},
		&expr.Cmp{Op: op, Register: 1, Data: binaryutil.NativeEndian.PutUint32(0)},
	}
}

func protocol(family byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}}}
}

// destination matches IPv4 destinations in p.
func destination(p netip.Prefix) []expr.Any {
	const offset = 16 // of the destination in the header
	mask := [4]byte{}
	for bit := range p.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask[:], Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Addr().AsSlice()},
	}
}

// toGateway matches TCP to where a gateway listens for everybody.
func toGateway() []expr.Any {
	// The parts of a key lie in neighbouring registers, of 32 bits here.
	const address, port = unix.NFT_REG32_00, unix.NFT_REG32_01
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: address, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
		&expr.Payload{DestRegister: port, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Lookup{SourceRegister: address, SetName: gatewaysName},
	}
}

// listener is a gateway's element of gateways; it belongs to an installation.
func listener(a netip.AddrPort, owner string) nftables.SetElement {
	key := make([]byte, 8)
	copy(key, a.Addr().AsSlice())
	binary.BigEndian.PutUint16(key[4:], a.Port())
	return nftables.SetElement{Key: key, Comment: owner}
}

// pair is a bridge's element of siblings.
func pair(bridge string) nftables.SetElement {
	key := make([]byte, 2*unix.IFNAMSIZ)
	copy(key, bridge)
	copy(key[unix.IFNAMSIZ:], bridge)
	return nftables.SetElement{Key: key}
}
