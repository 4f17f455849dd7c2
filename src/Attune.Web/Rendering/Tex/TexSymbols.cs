using System.Collections.Frozen;
using System.Net;

namespace Attune.Web.Rendering.Tex;

/// <summary>Commands that stand for one symbol, and delimiters.</summary>
internal static class TexSymbols
{
    private const string Letters =
        "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ "
        + "omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ "
        + "Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ "
        + "emptyset ∅ varnothing ∅ imath ı jmath ȷ wp ℘ angle ∠ triangle △ square □ Box □ blacksquare ■ diamond ⋄ degree ° top ⊤ bot ⊥ "
        + "checkmark ✓ dagger † ddagger ‡ S § P ¶ pounds £ star ⋆ bigstar ★ clubsuit ♣ diamondsuit ♢ heartsuit ♡ "
        + "spadesuit ♠ measuredangle ∡";

    private const string Operators =
        "pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ cup ∪ cap ∩ setminus ∖ wedge ∧ land ∧ vee ∨ "
        + "lor ∨ neg ¬ lnot ¬ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ neq ≠ ll ≪ gg ≫ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ "
        + "propto ∝ doteq ≐ prec ≺ succ ≻ preceq ⪯ succeq ⪰ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ in ∈ notin ∉ ni ∋ forall ∀ "
        + "exists ∃ nexists ∄ to → rightarrow → leftarrow ← gets ← uparrow ↑ downarrow ↓ leftrightarrow ↔ Rightarrow "
        + "⇒ Leftarrow ⇐ implies ⟹ "
        + "impliedby ⟸ Leftrightarrow ⇔ iff ⟺ mapsto ↦ longrightarrow ⟶ longleftarrow ⟵ longmapsto ⟼ Longrightarrow ⟹ Longleftrightarrow ⟺ "
        + "hookrightarrow ↪ rightharpoonup ⇀ leftharpoonup ↼ rightleftharpoons ⇌ nearrow ↗ searrow ↘ mid ∣ nmid ∤ "
        + "parallel ∥ perp ⊥ vdash ⊢ "
        + "models ⊨ therefore ∴ because ∵ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ colon : prime ′ surd √ ltimes ⋉ rtimes ⋊ bowtie ⋈ asymp ≍ "
        + "triangleq ≜ coloneqq ≔ lesssim ≲ gtrsim ≳ trianglelefteq ⊴ sqcup ⊔ sqcap ⊓ uplus ⊎ wr ≀ backslash \\ dotsc … dotsb ⋯ dotsm ⋯ "
        + "lt < gt > And & Vert ‖ | ‖ vert | lvert | rvert | lVert ‖ rVert ‖ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { "
        + "rbrace } lbrack [ rbrack ] { { } }";

    /// <summary>Operators with limits above and below.</summary>
    private const string Large = "sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigsqcup ⨆";

    private const string Integrals = "int ∫ iint ∬ iiint ∭ oint ∮";
    private const string Functions =
        "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp det dim ker deg arg hom gcd";

    private const string LimitFunctions = "lim max min sup inf argmax argmin limsup liminf Pr";
    private const string Spaces = ", 0.1667em : 0.2222em ; 0.2778em ! -0.1667em quad 1em qquad 2em thinspace 0.1667em enspace 0.5em";
    private const string Signs = "% $ # & _";

    private static readonly FrozenDictionary<string, TexAtom> All = Build();

    public static TexAtom? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>What may stand after \left: a bracket, or a point for none.</summary>
    public static string Delimiter(TexToken token) =>
        token switch
        {
            { Kind: TexKind.Character, Text: "." } => "",
            { Kind: TexKind.Character, Text: "(" or ")" or "[" or "]" or "|" or "/" } => token.Text,
            { Kind: TexKind.Character, Text: "<" } => "⟨",
            { Kind: TexKind.Character, Text: ">" } => "⟩",
            { Kind: TexKind.Command } when Find(token.Text) is { } symbol && symbol.Xml.StartsWith("<mo", StringComparison.Ordinal) =>
                symbol.Xml[(symbol.Xml.IndexOf('>', StringComparison.Ordinal) + 1)..symbol.Xml.LastIndexOf('<')],
            _ => throw new TexException($"'{token.Text}' is no bracket."),
        };

    private static FrozenDictionary<string, TexAtom> Build()
    {
        var all = new Dictionary<string, TexAtom>(StringComparer.Ordinal);
        foreach (var (name, sign) in Pairs(Letters))
        {
            all[name] = new($"<mi{(char.IsUpper(sign[0]) ? " mathvariant=\"normal\"" : "")}>{sign}</mi>");
        }
        foreach (var (name, sign) in Pairs(Operators))
        {
            var stretchy = "|‖⟨⟩⌊⌋⌈⌉{}[]/\\".Contains(sign[0], StringComparison.Ordinal);
            all[name] = new($"<mo{(stretchy ? " stretchy=\"false\"" : "")}>{WebUtility.HtmlEncode(sign)}</mo>");
        }
        foreach (var (name, sign) in Pairs(Large))
        {
            all[name] = new($"<mo movablelimits=\"false\">{sign}</mo>", Limits: true);
        }
        foreach (var (name, sign) in Pairs(Integrals))
        {
            all[name] = new($"<mo>{sign}</mo>");
        }
        foreach (var name in Functions.Split(' '))
        {
            all[name] = new($"<mi>{name}</mi>", IsFunction: true);
        }
        foreach (var name in LimitFunctions.Split(' '))
        {
            all[name] = new($"<mi mathvariant=\"normal\">{name}</mi>", Limits: true, IsFunction: true);
        }
        foreach (var (name, width) in Pairs(Spaces))
        {
            all[name] = new($"<mspace width=\"{width}\"></mspace>");
        }
        foreach (var sign in Signs.Split(' '))
        {
            all[sign] = new($"<mi mathvariant=\"normal\">{WebUtility.HtmlEncode(sign)}</mi>");
        }
        all[" "] = new("<mspace width=\"0.25em\"></mspace>");
        all["bmod"] = all["mod"] = new("<mo lspace=\"0.3em\" rspace=\"0.3em\">mod</mo>");
        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static IEnumerable<(string Name, string Sign)> Pairs(string list) => list.Split(' ').Chunk(2).Select(p => (p[0], p[1]));
}
