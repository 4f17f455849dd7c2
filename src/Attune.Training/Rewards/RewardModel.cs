using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Training.Batches;

namespace Attune.Training.Rewards;

/// <summary>
/// One or several scalar models that together give a reward. Each member is brought to a unit of its own, in which answers of the
/// reference policy have mean 0 (and, where asked, standard deviation 1), as Ziegler et al. 2019 (section 2.1) and Stiennon et al. 2020
/// do; only then are members compared and aggregated. What comes of it is brought to the same mean and deviation once more, since
/// an average of members varies less than they do, and their minimum has a lower mean.
/// </summary>
/// <param name="Members">Trained apart; their spread says how far the labels reach.</param>
/// <param name="Shift">Subtracted from the aggregated reward.</param>
/// <param name="Scale">Divides it then.</param>
public sealed record RewardModel(IReadOnlyList<ScalarModel> Members, double Shift, double Scale) : IDisposable
{
    /// <summary>One a member; empty where the members' raw rewards are aggregated.</summary>
    public ImmutableArray<RewardUnit> Units { get; init; } = [];

    public RewardAggregation Aggregation { get; init; } = RewardAggregation.Mean;

    /// <summary>Price of a unit of disagreement, where the aggregation has one.</summary>
    public double DisagreementPenalty { get; init; }

    /// <summary>Whether <see cref="Normalised"/> takes away what goes along with the length of answers.</summary>
    public bool DebiasLength { get; init; }

    /// <summary>Where set, answers are read without this end token, as the members were trained.</summary>
    public int? EndToken { get; init; }

    /// <summary>Lower states that members with the policy's frozen layers share with it; null where nothing is shared.</summary>
    public FrozenLayerCache? Shared { get; init; }

    /// <summary>
    /// What is wrong with <see cref="Score"/>'s spread; null for nothing. Ensembles saved by versions before units were kept have none.
    /// </summary>
    public string? SpreadNote =>
        Members.Count > 1 && Units.IsEmpty
            ? "the members of the reward ensemble were not normalised one by one, so their spread includes constants that mean nothing: "
                + "train it again, or give normalisation_samples"
            : null;

    /// <summary>Normalised rewards and, for an ensemble, the members' standard deviation in the same unit.</summary>
    public (double Reward, double? Spread)[] Score(IReadOnlyList<TokenSequence> sequences)
    {
        var members = Enumerable.Range(0, Members.Count).Select(i => InUnit(i, Raw(i, sequences), sequences)).ToArray();
        return
        [
            .. Enumerable
                .Range(0, sequences.Count)
                .Select(i =>
                {
                    var (reward, spread) = Aggregation.Of(members.Select(m => m[i]).ToArray(), DisagreementPenalty);
                    return ((reward - Shift) / Scale, Members.Count > 1 ? spread / Scale : (double?)null);
                }),
        ];
    }

    /// <summary>The mean of the members' rewards as they were trained, log-odds where the loss was one of comparisons.</summary>
    public double[] Trained(IReadOnlyList<TokenSequence> sequences)
    {
        var raw = Enumerable.Range(0, Members.Count).Select(i => Raw(i, sequences)).ToArray();
        return [.. Enumerable.Range(0, sequences.Count).Select(i => Moments.Of(raw.Select(r => r[i]).ToArray()).Mean)];
    }

    /// <summary>From a member's raw rewards to the reward's own unit, as if it were alone.</summary>
    public RewardUnit UnitAlone(int member) => UnitOf(member).Then(new RewardUnit(Shift, Scale));

    /// <summary>The same models, brought to units by their rewards of these sequences.</summary>
    public RewardModel Normalised(IReadOnlyList<TokenSequence> reference, RewardNormalisation normalisation)
    {
        if (normalisation == RewardNormalisation.None)
        {
            return this with { Shift = 0, Scale = 1, Units = [] };
        }

        var apart = this with
        {
            Shift = 0,
            Scale = 1,
            Units = [.. Enumerable.Range(0, Members.Count).Select(i => Fitted(Raw(i, reference), reference, normalisation))],
        };
        if (Members.Count == 1)
        {
            return apart;
        }

        var together = RewardUnit.Fitted([.. apart.Score(reference).Select(s => s.Reward)], normalisation);
        return apart with { Shift = together.Shift, Scale = together.Scale };
    }

    private RewardUnit Fitted(double[] raw, IReadOnlyList<TokenSequence> reference, RewardNormalisation normalisation) =>
        DebiasLength
            ? RewardUnit.FittedWithoutLength(raw, [.. reference.Select(r => (double)r.AnswerLength)], normalisation)
            : RewardUnit.Fitted(raw, normalisation);

    private double[] InUnit(int member, double[] raw, IReadOnlyList<TokenSequence> sequences) =>
        [.. raw.Select((r, i) => UnitOf(member).Of(r, sequences[i].AnswerLength))];

    private RewardUnit UnitOf(int member) => Units.IsEmpty ? RewardUnit.Raw : Units[member];

    private double[] Raw(int member, IReadOnlyList<TokenSequence> sequences) =>
        AnswerScores.Plain(Members[member], sequences, EndToken, Shared);

    /// <summary>
    /// Saves the first member in the folder itself, as any single reward model is saved, and the others in member-2, member-3, ...
    /// </summary>
    public void Save(string folder)
    {
        for (var i = 0; i < Members.Count; i++)
        {
            ModelFiles.Save(Members[i], MemberFolder(folder, i));
        }

        RewardModelFile.Of(this).Write(folder);
    }

    /// <summary>Whether <see cref="Save"/> wrote this folder.</summary>
    public static bool IsAt(string folder) => RewardModelFile.IsAt(folder);

    /// <summary>
    /// From the raw rewards of the first member, which lies in the folder itself, to the reward's own unit as if it were alone; raw where
    /// <see cref="Save"/> did not write the folder.
    /// </summary>
    /// <exception cref="ModelFileException">The file is damaged.</exception>
    public static RewardUnit UnitOfFirst(string folder) =>
        IsAt(folder) && RewardModelFile.Read(folder) is var file
            ? (file.Units.IsEmpty ? RewardUnit.Raw : file.Units[0]).Then(new RewardUnit(file.Shift, file.Scale))
            : RewardUnit.Raw;

    /// <summary>Loads what <see cref="Save"/> wrote, or a single reward model from elsewhere (shift 0, scale 1).</summary>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static RewardModel Load(string folder, Precision precision = Precision.F32)
    {
        if (!IsAt(folder))
        {
            return new RewardModel([ModelFiles.LoadScalarModel(folder, precision)], 0, 1);
        }

        var file = RewardModelFile.Read(folder);
        return new RewardModel(
            [.. Enumerable.Range(0, file.Members).Select(i => ModelFiles.LoadScalarModel(MemberFolder(folder, i), precision))],
            file.Shift,
            file.Scale
        )
        {
            Units = file.Units,
            Aggregation = file.Aggregation,
            DisagreementPenalty = file.DisagreementPenalty,
            EndToken = file.EndToken < 0 ? null : file.EndToken,
        };
    }

    public void Dispose()
    {
        foreach (var member in Members)
        {
            member.Dispose();
        }
    }

    private static string MemberFolder(string folder, int index) =>
        index == 0 ? folder : Path.Combine(folder, "member-" + (index + 1).ToString(CultureInfo.InvariantCulture));
}
