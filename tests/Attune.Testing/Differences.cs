using Xunit;

namespace Attune.Testing;

/// <summary>How far numbers are from those expected.</summary>
public static class Differences
{
    /// <summary>The largest magnitude of left[i] - right[i].</summary>
    public static float Largest(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        Assert.Equal(left.Length, right.Length);
        var most = 0f;
        for (var i = 0; i < left.Length; i++)
        {
            most = Math.Max(most, Math.Abs(left[i] - right[i]));
        }

        return most;
    }
}
