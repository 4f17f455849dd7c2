namespace Attune.Worlds.Reviews.Grammar;

/// <summary>Which features the expansion of a symbol depends on, through all it refers to.</summary>
internal sealed class FeatureClosure
{
    private readonly Dictionary<string, Features> _symbols = [];
    private readonly Dictionary<Production, Features> _productions = [];

    public FeatureClosure(GrammarTables tables)
    {
        var changed = true;
        while (changed)
        {
            changed = false;
            foreach (var production in tables.All)
            {
                var features = production.Parts.Aggregate(production.Guard.Features, (all, part) => all | Of(part));
                var before = Of(production.Symbol);
                _productions[production] = features;
                _symbols[production.Symbol] = before | features;
                changed |= (before | features) != before;
            }
        }
    }

    public Features Of(string symbol) => _symbols.GetValueOrDefault(symbol is "film" ? "title" : symbol);

    public Features Of(Production production) => _productions[production];

    /// <summary>The context with every feature set to its default on which nothing depends.</summary>
    public GrammarContext Mask(GrammarContext context, Features features) =>
        new(
            features.HasFlag(Features.Style) ? context.Style : default,
            features.HasFlag(Features.Valence) ? context.Valence : default,
            features.HasFlag(Features.Aspect) ? context.Aspect : default,
            features.HasFlag(Features.Number) ? context.Number : default,
            features.HasFlag(Features.Genre) ? context.Genre : default
        );

    private Features Of(Part part) =>
        part switch
        {
            Part.Agreement => Features.Number,
            Part.Reference { Shift: Shift.Other or Shift.Against or Shift.Bad } there => Of(there.Table)
                & ~(Features.Aspect | Features.Number),
            Part.Reference here => Of(here.Table),
            _ => Features.None,
        };
}
