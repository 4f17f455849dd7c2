using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Training.Batches;

namespace Attune.Training.Rewards;

/// <summary>
/// One or several scalar models that together give a reward: their mean, shifted and scaled so that answers of the reference policy
/// have mean 0 (and, where asked, standard deviation 1), as Ziegler et al. 2019 (section 2.1) and Stiennon et al. 2020 do.
/// </summary>
/// <param name="Members">Trained apart; their spread says how far the labels reach.</param>
/// <param name="Shift">Subtracted from the members' mean.</param>
/// <param name="Scale">Divides it then.</param>
public sealed record RewardModel(IReadOnlyList<ScalarModel> Members, double Shift, double Scale) : IDisposable
{
    private const string NormalisationFile = "reward_normalization.json";

    /// <summary>Where set, answers are read without this end token, as the members were trained.</summary>
    public int? EndToken { get; init; }

    /// <summary>Lower states that members with the policy's frozen layers share with it; null where nothing is shared.</summary>
    public FrozenLayerCache? Shared { get; init; }

    /// <summary>Normalised rewards and, for an ensemble, the members' standard deviation in the same unit.</summary>
    public (double Reward, double? Spread)[] Score(IReadOnlyList<TokenSequence> sequences)
    {
        var raw = Members.Select(m => AnswerScores.Plain(m, sequences, EndToken, Shared)).ToArray();
        return
        [
            .. Enumerable
                .Range(0, sequences.Count)
                .Select(i =>
                {
                    var (mean, variance) = Moments.Of(raw.Select(r => r[i]).ToArray());
                    return ((mean - Shift) / Scale, Members.Count > 1 ? Math.Sqrt(variance) / Scale : (double?)null);
                }),
        ];
    }

    /// <summary>The same models, shifted and scaled by their rewards of these sequences.</summary>
    public RewardModel Normalised(IReadOnlyList<TokenSequence> reference, RewardNormalisation normalisation)
    {
        if (normalisation == RewardNormalisation.None)
        {
            return this with { Shift = 0, Scale = 1 };
        }

        var plain = (this with { Shift = 0, Scale = 1 }).Score(reference).Select(s => s.Reward).ToArray();
        var (mean, variance) = Moments.Of(plain);
        return this with { Shift = mean, Scale = normalisation == RewardNormalisation.Mean || variance == 0 ? 1 : Math.Sqrt(variance) };
    }

    /// <summary>
    /// Saves the first member in the folder itself, as any single reward model is saved, and the others in member-2, member-3, ...
    /// </summary>
    public void Save(string folder)
    {
        for (var i = 0; i < Members.Count; i++)
        {
            ModelFiles.Save(Members[i], MemberFolder(folder, i));
        }

        AtomicFile.WriteText(
            Path.Combine(folder, NormalisationFile),
            JsonSerializer.Serialize(
                new Dictionary<string, double>
                {
                    ["members"] = Members.Count,
                    ["shift"] = Shift,
                    ["scale"] = Scale,
                    ["end_token"] = EndToken ?? -1,
                }
            )
        );
    }

    /// <summary>Whether <see cref="Save"/> wrote this folder.</summary>
    public static bool IsAt(string folder) => File.Exists(Path.Combine(folder, NormalisationFile));

    /// <summary>Loads what <see cref="Save"/> wrote, or a single reward model from elsewhere (shift 0, scale 1).</summary>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static RewardModel Load(string folder, Precision precision = Precision.F32)
    {
        if (!IsAt(folder))
        {
            return new RewardModel([ModelFiles.LoadScalarModel(folder, precision)], 0, 1);
        }

        var path = Path.Combine(folder, NormalisationFile);
        Dictionary<string, double> numbers;
        try
        {
            numbers = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path))!;
            if (
                !numbers.TryGetValue("members", out var count)
                || count is < 1 or > 1000
                || !numbers.ContainsKey("shift")
                || !(numbers.GetValueOrDefault("scale") > 0)
            )
            {
                throw new JsonException("members, shift and a positive scale are expected");
            }
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                $"{path} cannot be read: {problem.Message}. It should hold the numbers members, shift and scale.",
                problem
            );
        }

        return new RewardModel(
            [.. Enumerable.Range(0, (int)numbers["members"]).Select(i => ModelFiles.LoadScalarModel(MemberFolder(folder, i), precision))],
            numbers["shift"],
            numbers["scale"]
        )
        {
            EndToken = numbers.TryGetValue("end_token", out var end) && end >= 0 ? (int)end : null,
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

/// <summary>What rewards of reference answers are brought to.</summary>
public enum RewardNormalisation
{
    None,

    /// <summary>Mean 0.</summary>
    Mean,

    /// <summary>Mean 0, standard deviation 1.</summary>
    MeanAndSd,
}
