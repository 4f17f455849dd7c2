namespace Attune.Reports.Plotting;

/// <summary>The rectangle inside the axes, with both axes laid out over it.</summary>
internal sealed record PlotArea(double Left, double Top, double Right, double Bottom, AxisScale X, AxisScale Y)
{
    // Advance of a digit at the style sheet's 11 px, with room for phones, where the type is larger.
    private const double DigitWidth = 7;

    public static PlotArea Of(Plot plot)
    {
        const double top = 10;
        var bottom = plot.Height - 40;
        var points = plot.Series.SelectMany(series => series.Points).ToArray();
        var values = points
            .SelectMany(point => (double[])[point.Y, point.Low, point.High])
            .Concat(plot.References.Where(line => line.Slope == 0).Select(line => line.Intercept));
        var y = AxisScale.Fit(plot.Y, values, 0.05, bottom, top, wanted: 5);
        var left = 10 + (DigitWidth * y.Labels.Max(label => label.Length));
        var right = plot.Width - SeriesEndLabels.Room(plot.Series);
        var path = plot.Series.Any(series => series.Drawing is Drawing.Path or Drawing.Dots);
        var x = AxisScale.Fit(plot.X, points.Select(point => point.X), path ? 0.03 : 0, left, right, wanted: (int)(plot.Width / 80));
        return new PlotArea(left, top, right, bottom, x, y);
    }

    /// <summary>The part of a line that lies in the area, as pixels.</summary>
    public ((double X, double Y) Left, (double X, double Y) Right) Inside(ReferenceLine line)
    {
        if (line.Slope == 0)
        {
            return ((Left, Y[line.Intercept]), (Right, Y[line.Intercept]));
        }

        // In pixels both axes are straight, so two points of the line give all of it.
        var (x0, y0) = (X[0], Y[line.Intercept]);
        var (x1, y1) = (X[1], Y[line.Intercept + line.Slope]);
        var rise = (y1 - y0) / (x1 - x0);
        double At(double y) => x0 + ((y - y0) / rise);
        var low = Math.Clamp(Math.Min(At(Bottom), At(Top)), Left, Right);
        var high = Math.Clamp(Math.Max(At(Bottom), At(Top)), Left, Right);
        return ((low, y0 + (rise * (low - x0))), (high, y0 + (rise * (high - x0))));
    }
}
