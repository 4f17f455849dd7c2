namespace Attune.Training.Optimisation;

/// <summary>How the learning rate goes after warm-up.</summary>
public enum ScheduleKind
{
    Constant,

    /// <summary>Straight down to 0 at the last update, as in Ziegler 2019 and Stiennon 2020.</summary>
    Linear,

    /// <summary>Half a cosine down to <see cref="Schedule.Floor"/>, as in GPT-3.</summary>
    Cosine,
}

/// <summary>The learning rate as a pure function of the update's number.</summary>
public sealed record Schedule(ScheduleKind Kind, double Peak, double WarmupRatio)
{
    /// <summary>Where the cosine ends, as a share of the peak: a tenth in GPT-3, 0 in Hugging Face's cosine.</summary>
    public double Floor { get; init; } = 0.1;

    /// <summary>Updates of warm-up in place of the ratio; 0 for the ratio.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Share of the updates after warm-up in which the rate stays at its peak before it falls.</summary>
    public double Hold { get; init; }

    /// <param name="update">0 for the first.</param>
    /// <param name="planned">Updates in all.</param>
    public double At(long update, long planned)
    {
        var warmup = WarmupSteps > 0 ? WarmupSteps : (long)Math.Ceiling(WarmupRatio * planned);
        if (update < warmup)
        {
            return Peak * (update + 1) / warmup;
        }

        var done = planned <= warmup ? 1.0 : Math.Min(1.0, (double)(update - warmup) / (planned - warmup));
        done = Hold < 1 ? Math.Max(0, (done - Hold) / (1 - Hold)) : 0;
        return Kind switch
        {
            ScheduleKind.Constant => Peak,
            ScheduleKind.Linear => Peak * (1 - done),
            _ => Peak * (Floor + (1 - Floor) * (1 + Math.Cos(Math.PI * done)) / 2),
        };
    }
}
