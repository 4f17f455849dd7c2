using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>The group of options that changes a score before anything learns from it.</summary>
public sealed record ScoreOptions
{
    [Description("penalty for an answer that does not end with an end token")]
    [Range(0, 1e6)]
    public double MissingEosPenalty { get; init; }

    [Description("score of an answer that does not end with an end token, in place of the reward's (Stiennon 2020: -1)")]
    public double? MissingEosScore { get; init; }

    [Description("clip scores at this magnitude; 0 for no limit")]
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }
}
