using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Attune.Core.Options;

namespace Attune.Training.Rewards;

/// <summary>A reward that recipes can name.</summary>
/// <param name="Key">In a recipe.</param>
/// <param name="Summary">What it rewards, in one line.</param>
/// <param name="Record">Its options: a <see cref="RewardTerm"/>.</param>
public sealed record RewardCard(string Key, string Summary, Type Record);

/// <summary>The rewards that recipes can name: those of this assembly, and those of assemblies registered beside it.</summary>
public sealed class RewardRegistry : IOptionCases
{
    private static readonly Lock Gate = new();
    private static ImmutableArray<RewardCard> _cards = Found(typeof(RewardRegistry).Assembly, []);

    private RewardRegistry() { }

    /// <summary>In alphabetical order within an assembly, this assembly's first.</summary>
    public static ImmutableArray<RewardCard> Cards => _cards;

    /// <inheritdoc/>
    public static IReadOnlyList<OptionCase> Cases => [.. _cards.Select(c => new OptionCase(c.Key, c.Record))];

    /// <summary>Adds the rewards of another assembly; call it before a recipe is read. A second call does nothing.</summary>
    /// <exception cref="ArgumentException">A card does not fit its record, or its key is taken.</exception>
    public static void Register(Assembly assembly)
    {
        lock (Gate)
        {
            _cards = [.. _cards, .. Found(assembly, _cards)];
        }
    }

    private static ImmutableArray<RewardCard> Found(Assembly assembly, ImmutableArray<RewardCard> known)
    {
        var cards = assembly
            .GetTypes()
            .Where(t => known.All(k => k.Record != t))
            .Select(t => (Type: t, Card: t.GetCustomAttribute<RewardAttribute>()))
            .Where(t => t.Card is not null)
            .Select(t => new RewardCard(t.Card!.Key, t.Card.Summary, t.Type))
            .OrderBy(c => c.Key, StringComparer.Ordinal)
            .ToImmutableArray();
        foreach (var card in cards)
        {
            Require(card, [.. known, .. cards.Where(c => c != card)]);
        }

        return cards;
    }

    private static void Require(RewardCard card, ImmutableArray<RewardCard> others)
    {
        if (!card.Record.IsAssignableTo(typeof(RewardTerm)))
        {
            throw new ArgumentException($"{card.Record} has a [Reward] card, but is no RewardTerm. Derive it from RewardTerm.");
        }

        if (!Keys(card).Contains(card.Key))
        {
            throw new ArgumentException(
                $"{card.Record} has a [Reward] card with the key {card.Key}, but no property of that name; it has "
                    + $"{string.Join(", ", Keys(card))}."
            );
        }

        if (others.FirstOrDefault(o => Keys(o).Contains(card.Key)) is { } other)
        {
            throw new ArgumentException($"{card.Record} has the key {card.Key}, which {other.Record} has too. Choose another.");
        }
    }

    private static IEnumerable<string> Keys(RewardCard card) =>
        card.Record.GetProperties().Where(p => p.CanWrite).Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name));
}
